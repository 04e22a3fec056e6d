"""A sweep on this machine is closed to everybody else: real clients that try to come in."""

import re
import signal
import subprocess
import sys
import urllib.error
import urllib.request
from pathlib import Path

import distributed
import psutil
import pytest

from gru_lab.runs.cluster import local_client
from tests.conftest import LONG

INTRUDER = """
import os, sys
from distributed import Client, Security
foreign = Security.temporary()  # before this process may read no packages of another user's
if os.geteuid() == 0 and sys.argv[2] == "readable":
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)  # nobody
port = sys.argv[1].rpartition(":")[2]
for way, security in (("tcp", None), ("tls", foreign)):
    try:
        client = Client(f"{way}://127.0.0.1:{port}", security=security, timeout=3)
        print("let in:", client.run_on_scheduler(os.getpid), flush=True)
    except OSError as error:
        print("refused", flush=True)
os._exit(0)
"""


@pytest.fixture(scope="module")
def cluster():
    with local_client(1, 1) as client:
        yield client


def listening():
    """The (address, port) pairs at which this process and its children can be reached."""
    here = psutil.Process()
    name = "net_connections" if hasattr(here, "net_connections") else "connections"  # before 6
    processes = (here, *here.children())
    sockets = [socket for process in processes for socket in getattr(process, name)("inet")]
    return [socket.laddr for socket in sockets if socket.status == psutil.CONN_LISTEN]


@pytest.mark.parametrize("part", ("scheduler", "worker"))
def test_a_client_of_another_user_is_refused_and_our_own_works(cluster, part):
    (worker,) = cluster.scheduler_info()["workers"]
    address = cluster.scheduler.address if part == "scheduler" else worker
    # another user can try only where he may read the packages; elsewhere we try without a key
    places = Path(distributed.__file__).parents
    readable = all(place.stat().st_mode & 1 for place in places)
    command = [sys.executable, "-c", INTRUDER, address, "readable" * readable]
    tried = subprocess.run(command, capture_output=True, text=True, timeout=LONG)
    assert tried.stdout == "refused\nrefused\n", tried.stderr
    assert cluster.run(lambda: 7) == {worker: 7}


def test_no_page_of_it_can_be_read(cluster):
    places = listening()
    assert places and {place.ip for place in places} == {"127.0.0.1"}
    for place in places:
        for page in ("info/main/workers.html", "metrics", "json/counts.json", "status", "health"):
            with pytest.raises((urllib.error.URLError, OSError)):
                urllib.request.urlopen(f"http://127.0.0.1:{place.port}/{page}", timeout=3)


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="the system has no /proc")
def test_signals_that_go_to_all_processes_do_not_come_to_a_worker(cluster):
    """A terminal, Jupyter and queues send them to each; the sweep itself ends its workers."""
    (status,) = cluster.run(lambda: Path("/proc/self/status").read_text()).values()
    blocked = int(re.search(r"SigBlk:\s*(\w+)", status)[1], 16)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        assert blocked >> (number - 1) & 1, number
