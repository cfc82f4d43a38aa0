"""What Myoflag is compared with over HTTP, in the same run on the same machine."""

from fastapi import FastAPI, Request, Response
from fhir.resources.R4B.bundle import Bundle
from starlette.types import Receive, Scope, Send


async def bare(scope: Scope, receive: Receive, send: Send) -> None:
    """Reads the body and answers: what the server alone costs."""
    if scope["type"] != "http":
        return
    while (await receive()).get("more_body"):
        pass
    await send(
        {"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"2")]}
    )
    await send({"type": "http.response.body", "body": b"{}"})


whole_models = FastAPI()


@whole_models.post("/")
async def parse(request: Request) -> Response:
    """Validates the whole Bundle with fhir.resources, and does nothing with it."""
    bundle = Bundle.model_validate_json(await request.body())
    return Response(f'{{"entries":{len(bundle.entry or ())}}}', media_type="application/json")
