"""Settings and rules as the commands need them, or the end of the command with a sentence."""

import os

from service.cli import exits
from service.evaluation import Site, open_site
from service.knowledge.compiled import load
from service.knowledge.faults import RulesError
from service.knowledge.model import Knowledge
from service.settings import Settings, SettingsError, read_settings


def settings_or_leave() -> Settings:
    try:
        return read_settings(os.environ)
    except SettingsError as wrong:
        exits.leave(exits.USAGE, str(wrong))


def rules_or_leave() -> Knowledge:
    try:
        return load(settings_or_leave().rules)
    except RulesError as wrong:
        exits.leave(exits.RULES, str(wrong))


def open_or_leave(settings: Settings) -> Site:
    try:
        return open_site(settings)
    except RulesError as wrong:
        exits.leave(exits.RULES, str(wrong))
