"""Which proxy leads to an API server: the environment as kubectl reads it, whole networks included."""

from collections.abc import Mapping
from ipaddress import ip_address, ip_network
from urllib.parse import urlsplit

PORTS = {"http": 80, "https": 443}


def proxy_for(server: str, environment: Mapping[str, str]) -> str | None:
    """The URL of the proxy for requests to ``server``, None where they go there directly.

    Of this machine nothing goes through a proxy.

    >>> proxy_for("https://10.100.0.1", {"HTTPS_PROXY": "proxy:3128", "NO_PROXY": "10.100.0.0/16"})
    >>> proxy_for("https://1.eks.example", {"HTTPS_PROXY": "proxy:3128", "NO_PROXY": "10.100.0.0/16"})
    'http://proxy:3128'
    """
    parts = urlsplit(server)
    host, port = (parts.hostname or "").lower(), parts.port or PORTS.get(parts.scheme, 443)
    proxy = _variable(environment, f"{parts.scheme}_proxy")
    if not proxy or _is_local(host) or _is_exempt(host, port, _variable(environment, "no_proxy")):
        return None
    return proxy if "://" in proxy else f"http://{proxy}"


def _variable(environment: Mapping[str, str], name: str) -> str:
    return environment.get(name.upper()) or environment.get(name) or ""


def _is_local(host: str) -> bool:
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _is_exempt(host: str, port: int, words: str) -> bool:
    return any(_matches(host, port, word.strip().lower()) for word in words.split(",") if word.strip())


def _matches(host: str, port: int, word: str) -> bool:
    """Whether a word of NO_PROXY means this host: ``*``, a network, or a name or address, with or without a port."""
    if word == "*":
        return True
    name, colon, its_port = word.rpartition(":")
    if colon and its_port.isdecimal() and ":" not in name.strip("[]"):
        return int(its_port) == port and _matches(host, port, name)
    try:
        return ip_address(host) in ip_network(word.strip("[]"), strict=False)
    except ValueError:
        return host == word.lstrip(".*") or host.endswith(f".{word.lstrip('.*')}")
