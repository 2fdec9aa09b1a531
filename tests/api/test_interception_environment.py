"""What the machine's configuration does to clients that code makes inside a world: little.

Each program runs in a process of its own, where nothing may reach out: no socket, no process.
"""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import PartialCredentialsError, ProfileNotFound
from moto import mock_aws

import simbridge as sb

ENTRY = {"Source": "shop", "DetailType": "paid", "Detail": "{}"}

ALONE = """
import sys
def refuse(event, args):
    if event in {
        "socket.connect", "socket.sendto", "socket.getaddrinfo", "subprocess.Popen", "os.system",
        "os.posix_spawn", "os.fork", "os.exec",
    }:
        print(event, args, file=sys.stderr, flush=True)
        import os
        os._exit(7)
import anyio, trio  # they look for libraries of the machine when they are imported
import boto3, botocore.session
import simbridge as sb
sys.addaudithook(refuse)
ENTRY = {"Source": "shop", "DetailType": "paid", "Detail": "{}"}
"""

FLOWS = """
def put(*_):
    client = boto3.client("events")
    assert client.put_events(Entries=[ENTRY | {"Source": "echo"}])["FailedEntryCount"] == 0
    print(client.meta.region_name)
    return None
async def put_async(*_):
    put()
world = sb.World(region="eu-west-1")
events = world.client()
events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
for name, handler in ("f", put), ("g", put_async):
    target = world.function(name, handler)
    events.put_targets(Rule="r", Targets=[{"Id": name, "Arn": target.arn}])
with world.intercept():
    boto3.client("events").put_events(Entries=[ENTRY])
world.run(hours=1)
assert [delivery.outcome for delivery in world.trace.deliveries()] == ["delivered"] * 2
sb.run(put, region="eu-west-1")
sb.run(put_async, region="eu-west-1")
sb.run(put_async, region="eu-west-1", backend="trio")
"""


def alone(program: str, tmp_path: Path, config: str = "", **environment: str) -> list[str]:
    """Run a program without the network; the lines it prints."""
    (tmp_path / "config").write_text(config)
    bare = {"HOME": "/nonexistent", "PATH": "/nonexistent"}
    if config:
        bare["AWS_CONFIG_FILE"] = str(tmp_path / "config")
    done = subprocess.run(
        [sys.executable, "-c", ALONE + program],
        capture_output=True,
        text=True,
        env=bare | environment,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


PROFILES = {
    "process": "[default]\ncredential_process = /bin/false",
    "role": (
        "[default]\nrole_arn = arn:aws:iam::1:role/r\nsource_profile = a\n"
        "[profile a]\naws_access_key_id = x\naws_secret_access_key = x"
    ),
    "metadata": "[default]\nrole_arn = arn:aws:iam::1:role/r\ncredential_source = Ec2InstanceMetadata",
    "sso": (
        "[default]\nsso_session = s\nsso_account_id = 1\nsso_role_name = r\n"
        "[sso-session s]\nsso_start_url = https://x.awsapps.com/start\nsso_region = us-east-1"
    ),
    "web": "[default]\nrole_arn = arn:aws:iam::1:role/r\nweb_identity_token_file = /dev/null",
    "defaults": "[default]\ndefaults_mode = auto",
    "retries": "[default]\nretry_mode = adaptive\nmax_attempts = 9",
}


def test_nothing_configured(tmp_path: Path) -> None:
    """No home, no region, no credentials: all kinds of code work, in the world's region."""
    assert alone(FLOWS, tmp_path) == ["eu-west-1"] * 5


@pytest.mark.parametrize("config", PROFILES.values(), ids=PROFILES)
def test_configured_credentials_are_not_asked_for(tmp_path: Path, config: str) -> None:
    """No process is started, no role assumed, no metadata service asked; the region counts."""
    program = (
        "with sb.World().intercept():\n"
        "    boto3.client('events').put_events(Entries=[ENTRY])\n"
        "    print(boto3.client('events').meta.region_name)\n"
    )
    lines = alone(program, tmp_path, config, AWS_DEFAULT_REGION="ca-central-1")
    assert lines == ["ca-central-1"]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AWS_CONTAINER_CREDENTIALS_FULL_URI", "http://127.0.0.1:9/x"),
        ("AWS_CONTAINER_CREDENTIALS_RELATIVE_URI", "/x"),
        ("AWS_DEFAULTS_MODE", "auto"),
        ("AWS_ENDPOINT_URL", "http://127.0.0.1:9"),
        ("AWS_ENDPOINT_URL_EVENTBRIDGE", "http://127.0.0.1:9"),
        ("AWS_RETRY_MODE", "adaptive"),
        ("AWS_USE_FIPS_ENDPOINT", "true"),
        ("HTTPS_PROXY", "http://127.0.0.1:9"),
    ],
)
def test_the_environment_does_not_lead_out(tmp_path: Path, name: str, value: str) -> None:
    """Wherever it points to, the call is the world's."""
    program = "print(boto3.client('events').put_events(Entries=[ENTRY])['FailedEntryCount'])"
    program = f"world = sb.World()\nwith world.intercept():\n    {program}\nprint(len(world.trace))"
    assert alone(program, tmp_path, **{name: value})[0] == "0"


@pytest.fixture
def world() -> Iterator[sb.World]:
    made = sb.World(region="eu-west-1")
    with made.intercept():
        yield made


def test_the_region_that_is_nearest_counts(
    world: sb.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The argument, the client's configuration, the session, the environment; then the world."""
    monkeypatch.delenv("AWS_DEFAULT_REGION", raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nonexistent")
    config = Config(region_name="sa-east-1")

    def region(session: Any, *args: Any, **kwargs: Any) -> str:
        return str(session.client("events", *args, **kwargs).meta.region_name)

    bare, own = boto3.session.Session(), boto3.session.Session(region_name="us-west-1")
    assert region(bare) == "eu-west-1"
    assert region(own) == "us-west-1"
    assert region(own, "us-west-2", config=config) == "us-west-2"
    assert region(bare, config=config) == "sa-east-1"
    bare._session.set_default_client_config(config)
    assert region(bare) == "sa-east-1"
    assert region(bare, config=Config(retries={"mode": "standard"})) == "sa-east-1"
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-2")
    assert region(boto3.session.Session()) == "us-east-2"


def test_mistakes_in_the_configuration_stay_botocores(
    world: sb.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Half of a pair of keys, and a profile that does not exist."""
    with pytest.raises(PartialCredentialsError):
        boto3.client("events", aws_access_key_id="x")
    monkeypatch.setenv("AWS_PROFILE", "nobody")
    with pytest.raises(ProfileNotFound):
        boto3.session.Session().client("events")


def test_keys_of_your_own_stay_yours(world: sb.World) -> None:
    """They sign a URL; a client without any signs with the placeholder."""
    keys = {"aws_access_key_id": "AKIAOWN", "aws_secret_access_key": "x"}
    assert "AKIAOWN" in boto3.client("events", **keys).generate_presigned_url("list_rules")
    assert "simbridge" in boto3.client("events").generate_presigned_url("list_rules")


def test_clients_of_other_services_keep_their_credentials(
    world: sb.World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Those of the environment, here."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIAYOURS")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")
    session = boto3.session.Session(region_name="eu-west-1")
    assert "AKIAYOURS" in session.client("sqs").generate_presigned_url("list_queues")


@pytest.mark.parametrize("order", ["moto outside", "moto inside"])
def test_moto_beside_simbridge(order: str) -> None:
    """Each has its services, whichever is entered first."""
    made = sb.World()
    blocks = [mock_aws(), made.intercept()]
    first, second = blocks if order == "moto outside" else reversed(blocks)
    with first, second:
        queue = boto3.client("sqs", region_name="us-east-1").create_queue(QueueName="q")
        assert queue["QueueUrl"].endswith("/q")
        events = boto3.client("events", region_name="us-east-1")
        events.put_rule(Name="r", EventPattern='{"source": ["shop"]}')
    assert [rule["Name"] for rule in made.client().list_rules()["Rules"]] == ["r"]


def test_botocore_is_imported_by_the_code_that_runs_and_served(tmp_path: Path) -> None:
    """A run does not import it, and what it imports itself is caught, and given back."""
    program = (
        "import sys, anyio, simbridge as sb\n"
        "async def nap(world): await anyio.sleep(5)\n"
        "sb.run(nap)\n"
        "assert not [name for name in sys.modules if name.startswith('botocore')]\n"
        "def story(world):\n"
        "    import boto3\n"
        "    print(len(boto3.client('events').list_rules()['Rules']))\n"
        "sb.run(story)\n"
        "assert not [one for one in sys.meta_path if 'simbridge' in type(one).__module__]\n"
        "from botocore.endpoint import Endpoint\n"
        "from botocore.session import Session\n"
        "for kind, name in (Endpoint, 'make_request'), (Session, 'create_client'):\n"
        "    assert 'simbridge' not in getattr(kind, name).__code__.co_filename\n"
        "    assert '__init_subclass__' not in vars(kind)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        capture_output=True,
        text=True,
        env={"HOME": "/nonexistent", "PATH": "/nonexistent", "AWS_EC2_METADATA_DISABLED": "true"},
    )
    assert (done.returncode, done.stdout) == (0, "0\n"), done.stderr
