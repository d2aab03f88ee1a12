"""A Kubernetes control plane on loopback ports, with everything it keeps in one folder.

What comes in: the folder of programs (``toolchain``) and an empty folder. What goes out: an API server with RBAC, and
the kube-controller-manager's controllers that the product's objects depend on. There is no scheduler and no kubelet: a
test that wants a pod to be ready writes its status.
"""

import json
from dataclasses import dataclass, field
from pathlib import Path
from secrets import token_urlsafe
from time import monotonic, sleep

import trustme
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from tests.cluster.kube import ApiError, Endpoint, Kube, Object
from tests.cluster.processes import Running, free_ports, start

CONTROLLERS = (
    "namespace-controller",
    "endpointslice-controller",
    "replicaset-controller",
    "deployment-controller",
    "garbage-collector-controller",
    "serviceaccount-controller",
    "root-ca-certificate-publisher-controller",
)
ETCD, API_SERVER, CONTROLLER_MANAGER = "etcd", "kube-apiserver", "kube-controller-manager"
START_ORDER = (ETCD, API_SERVER, CONTROLLER_MANAGER)
AUDIT_LOG = "audit.log"
AUDIT_POLICY: Object = {
    "apiVersion": "audit.k8s.io/v1",
    "kind": "Policy",
    "omitStages": ["RequestReceived"],
    "rules": [{"level": "Metadata", "userGroups": ["system:serviceaccounts"]}, {"level": "None"}],
}
"""What is written into ``AUDIT_LOG``: who asked what of the API server, as far as it was a service account."""

READY_WITHIN = 90.0
ATTEMPTS = 3
"""Somebody else may take a free port between our look and the server's bind; then it is tried with new ones."""


class ControlPlaneError(Exception):
    """A part did not come up; the message has the end of its log."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Loopback ports of etcd (clients, peers) and the API server."""

    etcd: int
    peers: int
    api: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ControlPlane:
    """The running parts, by program name."""

    assets: Path
    folder: Path
    ports: Ports
    endpoint: Endpoint
    admin: Kube
    running: dict[str, Running] = field(default_factory=dict)

    def start(self, part: str) -> None:
        """Start one part and wait for it. Raises ``ControlPlaneError``."""
        command = [str(self.assets / part), *_ARGUMENTS[part](self)]
        self.running[part] = start(command, self.folder / f"{part}.log", {})
        if part == API_SERVER:
            self._wait_for_api_server()

    def kill(self, part: str) -> None:
        """End one part as a crash would; ``start`` brings it back with what etcd has."""
        self.running.pop(part).kill()

    def stop(self) -> None:
        """End all parts, in the opposite order."""
        for part in reversed(START_ORDER):
            if part in self.running:
                self.running.pop(part).stop()

    def kubeconfig(self, name: str, token: str) -> Path:
        """Write a kubeconfig for the caller of ``token``; ``name`` is that of the file."""
        path = self.folder / f"{name}.kubeconfig"
        path.write_text(json.dumps(_kubeconfig(self.endpoint.url, str(self.folder / "authority.pem"), token)))
        return path

    def as_service_account(self, namespace: str, name: str) -> Kube:
        """The API as a service account sees it, with a token of one hour."""
        return Kube(self.endpoint, self.service_account_token(namespace, name))

    def service_account_token(self, namespace: str, name: str) -> str:
        """A token that the API server signs for an existing service account."""
        body = {"apiVersion": "authentication.k8s.io/v1", "kind": "TokenRequest", "spec": {"expirationSeconds": 3600}}
        path = f"/api/v1/namespaces/{namespace}/serviceaccounts/{name}/token"
        token: str = self.admin.request("POST", path, body)["status"]["token"]
        return token

    def _wait_for_api_server(self) -> None:
        deadline = monotonic() + READY_WITHIN
        while not self._ready():
            for part, running in self.running.items():
                if not running.alive:
                    raise ControlPlaneError(f"{part} ended:\n{running.last_words()}")
            if monotonic() > deadline:
                raise ControlPlaneError(f"not ready in {READY_WITHIN:g} s:\n{self.running[API_SERVER].last_words()}")
            sleep(0.1)

    def _ready(self) -> bool:
        try:
            self.admin.request("GET", "/readyz")
        except (ApiError, OSError):
            return False
        return True


def start_control_plane(assets: Path, folder: Path) -> ControlPlane:
    """Start everything in an empty folder. Raises ``ControlPlaneError``; nothing runs then."""
    token = token_urlsafe(24)
    authority = _write_secrets(folder, token)
    for attempt in range(1, ATTEMPTS + 1):
        ports = Ports(*free_ports(3))
        endpoint = Endpoint(ports.api, authority)
        plane = ControlPlane(assets=assets, folder=folder, ports=ports, endpoint=endpoint, admin=Kube(endpoint, token))
        try:
            plane.kubeconfig("admin", token)
            for part in START_ORDER:
                plane.start(part)
        except ControlPlaneError as error:
            plane.stop()
            if attempt == ATTEMPTS or "address already in use" not in str(error):
                raise
        except BaseException:
            plane.stop()
            raise
        else:
            return plane
    raise AssertionError("the last attempt returns or raises")


def _write_secrets(folder: Path, token: str) -> str:
    """Certificates, the service accounts' key pair, the administrator's token, what is audited; the authority's PEM."""
    authority = trustme.CA()
    server = authority.issue_cert("127.0.0.1", "localhost", "kubernetes.default.svc")
    authority.cert_pem.write_to_path(folder / "authority.pem")
    server.private_key_pem.write_to_path(folder / "server.key")
    server.cert_chain_pems[0].write_to_path(folder / "server.pem")
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    public = key.public_key().public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)
    (folder / "accounts.key").write_bytes(private)
    (folder / "accounts.pub").write_bytes(public)
    (folder / "audit.json").write_text(json.dumps(AUDIT_POLICY))
    (folder / "tokens.csv").write_text(f'{token},admin,admin,"system:masters"\n')
    return authority.cert_pem.bytes().decode()


def _etcd_arguments(plane: ControlPlane) -> list[str]:
    clients = f"http://127.0.0.1:{plane.ports.etcd}"
    peers = f"http://127.0.0.1:{plane.ports.peers}"
    return [
        f"--data-dir={plane.folder / 'etcd'}",
        f"--listen-client-urls={clients}",
        f"--advertise-client-urls={clients}",
        f"--listen-peer-urls={peers}",
        f"--initial-advertise-peer-urls={peers}",
        f"--initial-cluster=default={peers}",
        "--unsafe-no-fsync",
        "--log-level=error",
    ]


def _api_server_arguments(plane: ControlPlane) -> list[str]:
    folder = plane.folder
    return [
        f"--etcd-servers=http://127.0.0.1:{plane.ports.etcd}",
        f"--secure-port={plane.ports.api}",
        "--bind-address=127.0.0.1",
        # The address of a loopback server is no endpoint for pods.
        "--endpoint-reconciler-type=none",
        f"--tls-cert-file={folder / 'server.pem'}",
        f"--tls-private-key-file={folder / 'server.key'}",
        f"--token-auth-file={folder / 'tokens.csv'}",
        f"--audit-policy-file={folder / 'audit.json'}",
        f"--audit-log-path={folder / AUDIT_LOG}",
        "--authorization-mode=RBAC",
        "--service-cluster-ip-range=10.96.0.0/16",
        "--service-account-issuer=https://kubernetes.default.svc",
        f"--service-account-key-file={folder / 'accounts.pub'}",
        f"--service-account-signing-key-file={folder / 'accounts.key'}",
    ]


def _controller_manager_arguments(plane: ControlPlane) -> list[str]:
    folder = plane.folder
    return [
        f"--kubeconfig={folder / 'admin.kubeconfig'}",
        f"--controllers={','.join(CONTROLLERS)}",
        f"--service-account-private-key-file={folder / 'accounts.key'}",
        f"--root-ca-file={folder / 'authority.pem'}",
        "--leader-elect=false",
        "--secure-port=0",
    ]


_ARGUMENTS = {
    ETCD: _etcd_arguments,
    API_SERVER: _api_server_arguments,
    CONTROLLER_MANAGER: _controller_manager_arguments,
}


def _kubeconfig(server: str, authority: str, token: str) -> Object:
    return {
        "apiVersion": "v1",
        "kind": "Config",
        "clusters": [{"name": "tests", "cluster": {"server": server, "certificate-authority": authority}}],
        "users": [{"name": "caller", "user": {"token": token}}],
        "contexts": [{"name": "tests", "context": {"cluster": "tests", "user": "caller"}}],
        "current-context": "tests",
    }
