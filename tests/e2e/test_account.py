"""Accounts: the functions, and the exploits that must not work."""

import secrets

import pytest

from apps.client.player import Player
from tests.support.game import Game, at_once, code_for, new_account_name, settle, statuses


def fresh(game: Game) -> Player:
    return Player(game.gate)


def new_address() -> str:
    return f"{secrets.token_hex(8)}@example.org"


def test_register_log_in_and_look(game: Game) -> None:
    name = new_account_name()
    player = game.registered(name, "Pass_w0rd!")
    assert player.call("account_all_info")["data"] == {"account": name, "email": "", "phone_number": ""}
    answer = fresh(game).call("login", identifier="account", value=name.upper(), password="Pass_w0rd!")
    assert answer["status"] == 0
    assert answer["data"] | {"token": ""} == {"token": "", "account": name, "email": "", "phone_number": ""}


def test_a_new_login_ends_the_token_before(game: Game) -> None:
    name = new_account_name()
    first = game.registered(name)
    assert first.call("account_all_info")["status"] == 0
    second = fresh(game)
    assert second.call("login", identifier="account", value=name, password="secret1")["status"] == 0
    assert first.call("account_all_info") == {"status": 11, "message": "token refused"}
    assert second.call("account_all_info")["status"] == 0


def test_guests(game: Game) -> None:
    device = secrets.token_hex(16)
    assert fresh(game).call("login_unique", unique_id=device)["status"] == 1
    guest = fresh(game)
    assert guest.call("login_unique", unique_id=device)["status"] == 0
    assert guest.call("bind_account", account=new_account_name(), password="secret1")["status"] == 0
    assert fresh(game).call("login_unique", unique_id=device)["status"] == 2
    assert guest.call("bind_account", account=new_account_name(), password="secret1")["status"] == 96


@pytest.mark.parametrize("device", ["a b", "a/../b", "..", "x" * 65, "a'b", 'a"b', "a\nb", "victim.s1", "é", "{}"])
def test_device_ids_are_plain(game: Game, device: str) -> None:
    assert fresh(game).call("login_unique", unique_id=device)["status"] == 96
    answer = fresh(game).call("register", unique_id=device, account=new_account_name(), password="secret1")
    assert answer["status"] == 96


def test_an_empty_device_id(game: Game) -> None:
    assert fresh(game).call("login_unique", unique_id="")["status"] == 99


@pytest.mark.parametrize("name", ["abc", "x" * 24, "1abc", "a-bc", "abcd\n", "ab cd", "阿达阿达", "",
                                  "a'; DROP TABLE account; --"])
def test_bad_account_names(game: Game, name: str) -> None:
    assert fresh(game).call("register", unique_id="", account=name, password="secret1")["status"] == 99


@pytest.mark.parametrize("password", ["12345", "x" * 31, "with space", "tab\tbed", "", "secret1\n"])
def test_bad_passwords(game: Game, password: str) -> None:
    assert fresh(game).call("register", unique_id="", account=new_account_name(), password=password)["status"] == 98


@pytest.mark.parametrize("password", ["123456", "x" * 30, "密码密码密码", "a!@#$%^&*()_+|`~=-", "[]:;'\"{}/?,.<>\\"])
def test_good_passwords(game: Game, password: str) -> None:
    name = new_account_name()
    assert fresh(game).call("register", unique_id="", account=name, password=password)["status"] == 1
    assert fresh(game).call("login", identifier="account", value=name, password=password)["status"] == 0


def test_registering_a_known_device_takes_nothing_over(game: Game) -> None:
    device, name = secrets.token_hex(16), new_account_name()
    assert fresh(game).call("register", unique_id=device, account=name, password="secret1")["status"] == 1
    thief = fresh(game).call("register", unique_id=device, account=new_account_name(), password="stolen1")
    assert (thief["status"], thief["data"]) == (96, {})
    assert fresh(game).call("register", unique_id=device, account=name, password="stolen1")["status"] == 96
    assert fresh(game).call("login", identifier="account", value=name, password="secret1")["status"] == 0
    assert fresh(game).call("login", identifier="account", value=name, password="stolen1")["status"] == 1


def test_registering_again_is_harmless_for_the_owner(game: Game) -> None:
    device, name = secrets.token_hex(16), new_account_name()
    assert fresh(game).call("register", unique_id=device, account=name, password="secret1")["status"] == 1
    again = fresh(game).call("register", unique_id=device, account=name, password="secret1")
    assert (again["status"], again["data"]["account"]) == (0, name)


def test_registering_a_guest_needs_its_token(game: Game) -> None:
    device = secrets.token_hex(16)
    guest = fresh(game)
    guest.call("login_unique", unique_id=device)
    stranger = fresh(game).call("register", unique_id=device, account=new_account_name(), password="secret1")
    assert stranger["status"] == 96
    owner = guest.call("register", unique_id=device, account=new_account_name(), password="secret1",
                       token=guest.state.account)
    assert owner["status"] == 0


def test_a_taken_name(game: Game) -> None:
    name = new_account_name()
    game.registered(name)
    assert fresh(game).call("register", unique_id="", account=name.upper(), password="secret1")["status"] == 97
    assert game.guest().call("bind_account", account=name, password="secret1")["status"] == 97


def test_one_name_has_one_owner_under_parallel_registration(game: Game) -> None:
    name = new_account_name()
    answers = at_once(8, lambda: fresh(game).call("register", unique_id="", account=name, password="secret1"))
    assert statuses(answers) == [1] + [97] * 7


def test_parallel_logins_of_a_new_device_make_one_account(game: Game) -> None:
    device = secrets.token_hex(16)
    answers = at_once(6, lambda: fresh(game).call("login_unique", unique_id=device))
    assert set(statuses(answers)) <= {0, 1}
    assert fresh(game).call("login_unique", unique_id=device)["status"] == 0


@pytest.mark.parametrize("identifier", ["uid", "password", "1=1 OR account", "account = '' OR 1=1 --", "cuid", "",
                                        "Account"])
def test_only_three_identifiers(game: Game, identifier: str) -> None:
    assert fresh(game).call("login", identifier=identifier, value="x", password="secret1")["status"] == 1


@pytest.mark.parametrize("value", ["' OR '1'='1", "x' UNION SELECT 1 --", "%", "_", "\\", "阿", "\x00"])
def test_values_are_data(game: Game, value: str) -> None:
    for identifier in ("account", "email", "phone_number"):
        answer = fresh(game).call("login", identifier=identifier, value=value, password="secret1")
        assert answer["status"] in (1, -4)


def test_failed_logins_are_throttled(game: Game) -> None:
    name = new_account_name()
    game.registered(name)
    wrong = at_once(20, lambda: fresh(game).call("login", identifier="account", value=name, password="guess-1"))
    assert statuses(wrong) == [1] * 20
    right = fresh(game).call("login", identifier="account", value=name, password="secret1")
    assert right["status"] == 1  # a guesser that hits after too many tries learns nothing


def test_spaces_behind_a_name_multiply_no_tries(game: Game) -> None:
    name, address = new_account_name(), new_address()
    player = game.registered(name)
    player.call("bind_email", email=address)
    player.call("verify_email_code", code=code_for(game, address))
    for identifier, value in (("account", name), ("email", address)):
        tries = [fresh(game).call("login", identifier=identifier, value=value + " " * count, password="secret1")
                 for count in range(3)]
        assert [answer["status"] for answer in tries] == [0, 1, 1]


def test_binding_and_unbinding_an_address(game: Game) -> None:
    name, address = new_account_name(), new_address()
    player = game.registered(name)
    assert player.call("bind_email", email=address)["status"] == 0
    assert player.call("verify_email_code", code=code_for(game, address), status=0) == {
        "status": 0, "message": "bind success", "data": {"email": address}}
    assert fresh(game).call("login", identifier="email", value=address, password="secret1")["status"] == 0
    player = fresh(game)
    player.call("login", identifier="account", value=name, password="secret1")
    assert player.call("bind_email", email=new_address())["status"] == 98
    assert player.call("unbind_email", email=new_address())["status"] == 97
    assert player.call("unbind_email", email=address)["status"] == 0
    assert player.call("verify_email_code", code=code_for(game, address), status=1)["status"] == 1
    assert player.call("account_all_info")["data"]["email"] == ""


def test_binding_a_phone_needs_a_player(game: Game) -> None:
    guest = game.registered()
    phone = f"+86{secrets.randbelow(10**11):011d}"
    assert guest.call("bind_phone", phone_number=phone)["status"] == -5
    player = settle(guest)
    assert player.call("bind_phone", phone_number=phone)["status"] == 0
    answer = player.call("verify_phone_code", code=code_for(game, phone), status="0")
    assert (answer["status"], answer["data"]) == (0, {"phone": phone})


def test_a_guest_cannot_bind_an_address(game: Game) -> None:
    assert game.guest().call("bind_email", email=new_address())["status"] == 99


@pytest.mark.parametrize("address", ["", "a", "a@b", "a b@c.org", "a@c.org\n", "a@c.org' --", "x" * 60 + "@c.org",
                                     "@c.org"])
def test_what_is_no_address(game: Game, address: str) -> None:
    answer = game.registered().call("bind_email", email=address)
    assert answer["status"] == 96
    assert answer["data"]["message"]


def test_an_address_has_one_owner_even_when_two_verify_at_once(game: Game) -> None:
    address = new_address()
    first, second = game.registered(), game.registered()
    codes = []
    for player in (first, second):
        assert player.call("bind_email", email=address)["status"] == 0
        codes.append(code_for(game, address))
    assert first.call("verify_email_code", code=codes[0])["status"] == 0
    assert second.call("verify_email_code", code=codes[1])["status"] == 97
    assert game.registered().call("bind_email", email=address)["status"] == 97


def test_codes_are_void_after_a_few_wrong_tries(game: Game) -> None:
    address, player = new_address(), game.registered()
    assert player.call("bind_email", email=address)["status"] == 0
    right = code_for(game, address)
    wrong = "000000" if right != "000000" else "111111"
    for _ in range(5):
        assert player.call("verify_email_code", code=wrong)["status"] == 99
    assert player.call("verify_email_code", code=right)["status"] == 99


def test_a_new_code_voids_the_one_before(game: Game) -> None:
    address, player = new_address(), game.registered()
    player.call("bind_email", email=address)
    old = code_for(game, address)
    player.call("bind_email", email=address)
    new = code_for(game, address)
    if old != new:
        assert player.call("verify_email_code", code=old)["status"] == 99
    assert player.call("verify_email_code", code=new)["status"] == 0


@pytest.mark.parametrize("status", [7, "7", -1, 2])
def test_another_status_does_not_eat_the_code(game: Game, status: object) -> None:
    address, player = new_address(), game.registered()
    player.call("bind_email", email=address)
    code = code_for(game, address)
    assert player.call("verify_email_code", code=code, status=status)["status"] == 90
    assert player.call("verify_email_code", code=code, status="0")["status"] == 0


def test_codes_a_day_are_few_even_in_parallel(game: Game) -> None:
    player = game.registered()
    answers = at_once(9, lambda: player.call("bind_email", email=new_address()))
    assert statuses(answers) == [0] * 5 + [96] * 4
    assert settle(player).call("bind_phone", phone_number="+8613900001111")["status"] == 95


def test_stubs_answer_as_ever(game: Game) -> None:
    player = game.guest()
    assert player.call("create_account") == "function"
    assert player.call("change_game_name") == "function"


def test_get_player_config(game: Game) -> None:
    config = game.guest().call("get_player_config")["data"]["player_config"]
    assert config["energy"]["max_energy"] > 0
    assert "dark_market" in config
