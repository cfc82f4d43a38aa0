"""The canary: a record that must give its flag, and one that must give none."""

import msgspec

from service.engine import Engine
from service.engine.linking import LinkingError
from service.engine.rule_tests import MOMENT
from service.knowledge.cases import record_of
from service.knowledge.language import Expected


def canary(engine: Engine) -> bool:
    """Whether the engine does its work with the rules that it has loaded.

    The record is that of the first firing test beside an active link that names a cause. The
    same patient without any data must give nothing. False, too, where no rule has such a test.
    """
    knowledge = engine.knowledge
    engine.forget()
    for link in knowledge.links.values():
        for test in link.tests if link.strength and link.status == "active" else ():
            if isinstance(test.expect, Expected):
                record = record_of(test, knowledge, MOMENT)
                empty = msgspec.structs.replace(record, results=(), problems=(), treatments=())
                try:
                    causes, nothing = engine.assess(record).causes, engine.assess(empty).causes
                except LinkingError:
                    return False
                return not nothing and test.expect.cause in {cause.cause for cause in causes}
    return False
