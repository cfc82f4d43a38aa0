"""Keys are made here, kept as hashes, known again in constant time, and read anew on change."""

import hmac
import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor
from datetime import date
from hashlib import sha256
from pathlib import Path

import pytest

from service import keys, logs
from service.keys import Key, Keyring, KeysError

HASH = "sha256:" + "0a" * 32


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys"


def test_two_keys_are_never_the_same_and_hold_256_bits() -> None:
    made = {keys.make() for _ in range(100)}

    assert len(made) == 100
    assert {len(key) for key in made} == {len("myoflag_") + 43}


def test_what_is_kept_of_a_key_does_not_hold_it() -> None:
    key = keys.make()

    line = keys.line_of(keys.kept("lab", key, date(2027, 1, 31)))

    assert key not in line
    assert line == f"lab sha256:{sha256(key.encode()).hexdigest()} expires=2027-01-31"


def test_a_line_reads_as_what_was_written() -> None:
    kept = [keys.kept("a", keys.make()), keys.kept("b.2-x_y", keys.make(), date(2027, 1, 31))]

    assert keys.parse("\n".join(map(keys.line_of, kept))) == tuple(kept)


def test_comments_and_blank_lines_are_passed_over() -> None:
    text = f"# who calls\n\n  # {HASH}\nlab {HASH}\n"

    assert [key.name for key in keys.parse(text)] == ["lab"]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("lab", "sha256:"),
        (HASH, "a name is"),
        (f"-lab {HASH}", "a name is"),
        (f"l\u00e4b {HASH}", "a name is"),
        (f"{'x' * 65} {HASH}", "a name is"),
        (f"lab {HASH[:-1]}", "64 hexadecimal"),
        (f"lab {HASH}0", "64 hexadecimal"),
        (f"lab {HASH.upper()}", "64 hexadecimal"),
        (f"lab md5:{'0' * 32}", "sha256:"),
        (f"lab {HASH} 2027-01-31", "expires="),
        (f"lab {HASH} expires=2027-02-30", "YYYY-MM-DD"),
        (f"lab {HASH} expires=", "YYYY-MM-DD"),
        (f"lab {HASH} expires=2027-01-31 more", "expires="),
        (f"other {HASH}\nlab {HASH}", "one key for two callers"),
        (f"lab sha256:{'0' * 64}\nlab {HASH}", "this name"),
    ],
)
def test_a_wrong_line_is_told_with_its_number_and_without_itself(line: str, said: str) -> None:
    with pytest.raises(KeysError) as caught:
        keys.parse(f"# first\n{line}")

    number = 1 + len(line.splitlines())
    assert str(caught.value).startswith(f"line {number}: ")
    assert said in str(caught.value)
    assert "0a0a" not in str(caught.value)


def test_a_key_itself_in_the_file_is_told_without_being_repeated() -> None:
    key = keys.make()

    with pytest.raises(KeysError) as caught:
        keys.parse(f"lab {key}")

    assert "only its SHA-256" in str(caught.value)
    assert key not in str(caught.value)


def test_all_wrong_lines_are_told_at_once() -> None:
    with pytest.raises(KeysError) as caught:
        keys.parse("lab\nother\nthird")

    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize("place", [0, 1, 2])
def test_a_key_is_known_wherever_it_stands(place: int) -> None:
    made = [keys.make() for _ in range(3)]
    ring = [keys.kept(f"caller-{i}", key) for i, key in enumerate(made)]

    assert keys.find(ring, made[place]) == ring[place]


@pytest.mark.parametrize("change", [str.swapcase, lambda key: key[:-1], lambda key: key + "A"])
def test_nearly_a_key_is_none(change: type[str]) -> None:
    key = keys.make()

    assert keys.find([keys.kept("lab", key)], change(key)) is None


@pytest.mark.parametrize("own", ["swordfish", "a-password-that-somebody-made-up", "", "myoflag_"])
def test_what_was_not_made_here_opens_nothing_even_if_its_hash_is_kept(own: str) -> None:
    assert keys.find([Key("lab", sha256(own.encode()).digest())], own) is None


def test_every_key_is_compared_in_constant_time_whichever_is_right(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    made = [keys.make() for _ in range(3)]
    ring = [keys.kept(f"caller-{i}", key) for i, key in enumerate(made)]
    compared = []

    def counted(one: bytes, other: bytes) -> bool:
        compared.append(one)
        return hmac.compare_digest(one, other)

    monkeypatch.setattr("service.keys.compare_digest", counted)
    for presented in [*made, keys.make()]:
        compared.clear()
        keys.find(ring, presented)
        assert compared == [key.digest for key in ring]


@pytest.mark.parametrize(
    ("today", "expired"),
    [(date(2027, 1, 30), False), (date(2027, 1, 31), False), (date(2027, 2, 1), True)],
)
def test_a_key_opens_to_the_end_of_its_last_day(today: date, *, expired: bool) -> None:
    assert keys.is_expired(Key("lab", b"", date(2027, 1, 31)), today) is expired


def test_a_key_without_a_last_day_does_not_expire() -> None:
    assert not keys.is_expired(Key("lab", b""), date.max)


def test_a_file_that_is_made_is_its_owners_alone(file: Path) -> None:
    keys.append(file, keys.kept("lab", keys.make()))

    assert stat.S_IMODE(file.stat().st_mode) == 0o600


def test_a_line_is_added_and_nothing_else_changed(file: Path) -> None:
    file.write_text(f"# ours\nold {HASH}")
    file.chmod(0o640)
    key = keys.kept("new", keys.make())

    keys.append(file, key)

    assert file.read_text() == f"# ours\nold {HASH}\n{keys.line_of(key)}\n"
    assert stat.S_IMODE(file.stat().st_mode) == 0o640


@pytest.mark.parametrize("before", [f"lab {HASH}\n", "broken\n", "\udcff"])
def test_nothing_is_added_to_a_file_that_is_broken_or_has_the_name(file: Path, before: str) -> None:
    file.write_bytes(os.fsencode(before))

    with pytest.raises(KeysError):
        keys.append(file, keys.kept("lab", keys.make()))

    assert file.read_bytes() == os.fsencode(before)


def test_a_file_that_can_not_be_written_is_told(tmp_path: Path) -> None:
    with pytest.raises(KeysError, match="can not be written"):
        keys.append(tmp_path / "nowhere" / "keys", keys.kept("lab", keys.make()))


def test_of_many_that_add_at_one_time_none_is_lost(file: Path) -> None:
    ring = [keys.kept(f"caller-{i}", keys.make()) for i in range(40)]

    with ThreadPoolExecutor(8) as callers:
        list(callers.map(lambda key: keys.append(file, key), ring))

    assert sorted(keys.read(file), key=ring.index) == ring


def test_of_two_that_add_one_name_at_one_time_one_is_told(file: Path) -> None:
    def add(key: Key) -> bool:
        try:
            keys.append(file, key)
        except KeysError:
            return False
        return True

    with ThreadPoolExecutor(8) as callers:
        added = list(callers.map(add, [keys.kept("lab", keys.make()) for _ in range(20)]))

    assert added.count(True) == 1
    assert len(keys.read(file)) == 1


def test_a_keyring_follows_its_file(file: Path) -> None:
    first, second = (keys.kept(name, keys.make()) for name in ("first", "second"))
    keys.append(file, first)
    keyring = Keyring(file)

    keys.append(file, second)
    assert keyring.keys() == (first, second)
    file.write_text(keys.line_of(second))
    assert keyring.keys() == (second,)
    file.write_text("")
    assert keyring.keys() == ()


def test_a_keyring_follows_a_file_that_is_put_in_place_of_the_former(file: Path) -> None:
    """As Kubernetes does: a link that leads to another folder."""
    ring = [keys.kept(name, keys.make()) for name in ("one", "two")]
    for key in ring:
        (file.parent / key.name).write_text(keys.line_of(key))
        os.utime(file.parent / key.name, ns=(0, 0))
    file.symlink_to("one")
    keyring = Keyring(file)
    (file.parent / "link").symlink_to("two")

    (file.parent / "link").rename(file)

    assert keyring.keys() == (ring[1],)


@pytest.mark.parametrize("wrong", [f"lab {HASH}\nbroken", None, "\udcff"])
def test_a_file_that_breaks_leaves_the_keys_in_force_and_is_logged_once(
    file: Path, wrong: str | None, capsys: pytest.CaptureFixture[str]
) -> None:
    logs.configure("info")
    key = keys.kept("lab", keys.make())
    keys.append(file, key)
    keyring = Keyring(file)

    file.unlink() if wrong is None else file.write_bytes(os.fsencode(wrong))

    assert [keyring.keys() for _ in range(3)] == [(key,)] * 3
    (line,) = map(json.loads, capsys.readouterr().err.splitlines())
    assert line["level"] == "error"
    assert line["faults"]
    assert HASH not in line["faults"]


def test_a_file_that_is_mended_counts_again(file: Path, capsys: pytest.CaptureFixture[str]) -> None:
    logs.configure("info")
    keys.append(file, keys.kept("old", keys.make()))
    keyring = Keyring(file)
    file.write_text("broken")
    keyring.keys()
    new = keys.kept("new", keys.make())

    file.write_text(keys.line_of(new))

    assert keyring.keys() == (new,)
    assert json.loads(capsys.readouterr().err.splitlines()[-1])["keys"] == 1


@pytest.mark.parametrize("content", [None, "broken", "\udcff"])
def test_no_keyring_begins_with_a_file_that_is_broken_or_not_there(
    file: Path, content: str | None
) -> None:
    if content is not None:
        file.write_bytes(os.fsencode(content))

    with pytest.raises(KeysError):
        Keyring(file)
