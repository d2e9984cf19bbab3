"""Fixtures of the system tests. One PostgreSQL cluster serves the session; each test that asks for `database` has a
database of its own, copied from one that was migrated once. What a test started is ended when it ends, and its logs are
kept in BUILD/logs/system/TEST when it failed."""

import os
import pathlib
import re
import shutil
import sys
import tempfile

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))

import place as place_module  # noqa: E402
import v1  # noqa: E402
import zhifu  # noqa: E402


def pytest_collection_modifyitems(items):
    """Tests marked slow run with tests/run --all only."""
    if os.environ.get("ZHIFU_TEST_ALL") == "1":
        return
    for item in items:
        if item.get_closest_marker("slow"):
            item.add_marker(pytest.mark.skip(reason="slow: tests/run --all runs it"))


def pytest_configure(config):
    config.addinivalue_line("markers", "slow: only with tests/run --all")


@pytest.hookimpl(tryfirst=True, hookwrapper=True)
def pytest_runtest_makereport(item):
    outcome = yield
    report = outcome.get_result()
    if report.failed:
        item.failed = True


@pytest.fixture(scope="session")
def programs():
    """The programs under test; without them there is nothing to test yet."""
    for name in ("zhifud", "zhifuctl"):
        if not (zhifu.BUILD / name).exists():
            pytest.skip("%s is not built in %s" % (name, zhifu.BUILD))
    return zhifu.BUILD


@pytest.fixture(scope="session")
def shared():
    """Real-world data beside the tree."""
    if not (zhifu.SHARED / "data").is_dir():
        pytest.skip("there is no %s/data" % zhifu.SHARED)
    return zhifu.SHARED / "data"


@pytest.fixture(scope="session")
def session_folder():
    # Not pytest's own: PostgreSQL's user must be able to enter it.
    folder = pathlib.Path(tempfile.mkdtemp(prefix="zhifu-system."))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(session_folder):
    made = zhifu.Cluster(session_folder / "pg")
    yield made
    made.destroy()


@pytest.fixture(scope="session")
def pki(session_folder):
    return zhifu.Pki(session_folder / "pki")


@pytest.fixture
def folder(request):
    """A folder for the test's files. It is kept, in the logs, when the test failed."""
    made = pathlib.Path(tempfile.mkdtemp(prefix="zhifu-test."))
    made.chmod(0o755)
    yield made
    if getattr(request.node, "failed", False):
        kept = zhifu.LOGS / "system" / re.sub(r"[^A-Za-z0-9_.-]+", "_", request.node.name)
        shutil.rmtree(kept, ignore_errors=True)
        kept.parent.mkdir(parents=True, exist_ok=True)
        # Sockets and pipes are not copied, and are no reason to fail twice.
        shutil.copytree(made, kept, ignore_dangling_symlinks=True,
                        ignore=lambda d, names: [n for n in names if not (pathlib.Path(d, n).is_file()
                                                                          or pathlib.Path(d, n).is_dir())])
    shutil.rmtree(made, ignore_errors=True)


@pytest.fixture
def keep(request):
    """keep(thing): its stop() is called when the test ends well, its kill() when it failed; last in, first out."""
    things = []

    def remember(thing):
        things.append(thing)
        return thing

    yield remember
    fault = None
    for thing in reversed(things):
        try:
            if getattr(request.node, "failed", False) or fault or not hasattr(thing, "stop"):
                (getattr(thing, "kill", None) or thing.close)()
            else:
                thing.stop()
        except Exception as err:  # the others must be ended all the same
            fault = err
            request.node.failed = True
    if fault:
        raise fault


@pytest.fixture(scope="session")
def migrated(programs, cluster, pki, session_folder):
    """The name of a database that was migrated once and that nobody writes to: a test's own is a copy of it."""
    database = cluster.database("zhifu_template")
    folder = session_folder / "migrate"
    folder.mkdir()
    place_module.Place(folder, database, pki).daemon.migrate()
    return database.name


@pytest.fixture
def database(cluster, migrated, request):
    """A migrated, empty database of the test's own."""
    request.config.databases = getattr(request.config, "databases", 0) + 1
    made = cluster.database("zhifu_test_%d" % request.config.databases, template=migrated)
    yield made
    made.drop()


@pytest.fixture
def place(folder, database, pki, keep):
    """An installation whose daemon is ended with the test; see place.py."""
    made = place_module.Place(folder, database, pki)
    keep(_Daemons(made))
    return made


class _Daemons:
    """Ends a place's daemon if the test ever asked for it."""

    def __init__(self, owner):
        self.owner = owner

    def stop(self):
        if self.owner._daemon is not None:
            self.owner._daemon.stop()

    def kill(self):
        if self.owner._daemon is not None:
            self.owner._daemon.kill()


@pytest.fixture
def up(place, keep):
    """A place with the finance API up; up.desk(NAME) is a client of it."""
    place = v1.start(place)
    desks = {}

    def desk(name="finance"):
        if name not in desks:
            desks[name] = keep(v1.Desk(place, name))
        return desks[name]

    place.desk = desk
    return place
