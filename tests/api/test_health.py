"""Alive and ready."""

from fastapi import FastAPI

from service import __version__
from service.evaluation import Site
from tests.api.client import call


def test_a_process_that_answers_is_alive(app: FastAPI) -> None:
    assert call(app, "GET", "/healthz").json() == {"status": "alive"}


def test_ready_means_that_the_engine_gave_a_known_patient_its_flag(
    app: FastAPI, site: Site
) -> None:
    answer = call(app, "GET", "/readyz")

    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "version": __version__,
        "ruleset": {
            "version": site.knowledge.ruleset.version,
            "digest": site.knowledge.digest,
        },
    }
