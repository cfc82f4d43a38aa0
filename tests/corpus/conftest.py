"""These tests need the corpus; where it does not lie beside the project there are none."""

from tests.corpus.third_party import CORPUS

collect_ignore_glob = [] if CORPUS.is_dir() else ["test_*.py"]
