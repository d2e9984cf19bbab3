"""A whole installation in a folder: database, keys, certificates, hospitals, insurers and the daemon over them. A test
asks for the fixture `place`, adds what it is about, and starts it."""

import base64
import os

import zhifu


class Place:
    """Everything one daemon needs. Options of zhifud.conf go over the defaults: place.settings["poll_ms"] = 50."""

    def __init__(self, folder, database, pki):
        self.folder = folder
        self.database = database
        self.pki = pki
        self.port = zhifu.free_port()
        self.health_port = zhifu.free_port()
        for name in ("hospitals.d", "insurers.d"):
            (folder / name).mkdir(exist_ok=True)
        self.write_keys()
        self.settings = {
            "listen": ["127.0.0.1:%d" % self.port],
            "metrics_listen": ["127.0.0.1:%d" % self.health_port],
            "base_url": "https://localhost:%d" % self.port,
            "tls_certificate": pki.pem("server"),
            "tls_key": pki.key("server"),
            "tls_client_ca": pki.pem("ca"),
            "log_level": "debug",
            # The sanitizers' memory and two cores: one of each is what a test needs.
            "workers_intake": 1,
            "workers_translate": 1,
            "workers_dispatch": 1,
            "workers_settle": 1,
            "drain_deadline_s": 10,
            "sample_ok": True,
            "who_is_stated": True,
            "database_ctl": database.conninfo(),
            "key_file": str(folder / "keys"),
            "insurers_dir": str(folder / "insurers.d"),
            "hospitals_dir": str(folder / "hospitals.d"),
            "adapters_dir": str(zhifu.BUILD / "adapters"),
            "poll_ms": 50,
        }
        for role in ("intake", "translate", "dispatch", "settle"):
            self.settings["database_" + role] = database.conninfo("zhifu_" + role)
        self._daemon = None

    def write_keys(self):
        """A key file with one fresh master and one fresh look-up key."""
        def fresh():
            return ({"version": 1, "key": base64.b64encode(os.urandom(32)).decode()},)
        path = self.folder / "keys"
        path.write_text(zhifu.config_text({"master": fresh(), "lookup": fresh()}))
        path.chmod(0o600)

    def database_through(self, port):
        """From the next start on the daemon (not zhifuctl) reaches its database by 127.0.0.1:port: a Proxy's."""
        for role in ("intake", "translate", "dispatch", "settle"):
            self.settings["database_" + role] = "host=127.0.0.1 port=%d dbname=%s user=zhifu_%s" % (
                port, self.database.name, role)

    def hospital(self, name, settings):
        """Writes hospitals.d/NAME.conf; settings is a dict or libconfig text."""
        return self._write("hospitals.d", name, settings)

    def insurer(self, name, settings):
        return self._write("insurers.d", name, settings)

    def _write(self, where, name, settings):
        path = self.folder / where / (name + ".conf")
        path.write_text(settings if isinstance(settings, str) else zhifu.config_text(settings))
        return path

    @property
    def daemon(self):
        """The daemon, configured with the settings as they are when it is first asked for; not started."""
        if self._daemon is None:
            self._daemon = zhifu.Daemon(self.folder, self.settings, self.health_port, self.port, self.pki)
        return self._daemon

    def payer(self, name, script, port, args=()):
        """A sandbox insurer, not started. Its certificate is pki's "insurer"."""
        return zhifu.Payer(self.folder / ("payer-" + name), script, port, args)
