"""Certificates of the webhook: made once, and judged before they are served. No files and no network."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

LIFETIME = timedelta(days=36500)
"""Parity: as long as the chart's (controllers.md §9.2)."""
AUTHORITY_NAME = "lattice-gateway webhook"
SKEW = timedelta(hours=1)
"""Clocks of API servers may be behind ours."""


@dataclass(frozen=True, slots=True)
class Pair:
    """A certificate chain and its key, both PEM."""

    certificate: bytes
    key: bytes

    def __repr__(self) -> str:
        return f"Pair({len(self.certificate)} bytes of certificate, the key hidden)"


@dataclass(frozen=True, slots=True)
class Issued:
    """A pair, and the PEM of the authority that a caller must trust."""

    pair: Pair
    authority: bytes


def names_of(service: str, namespace: str) -> tuple[str, ...]:
    """What API servers call a webhook's Service (controllers.md §9.2)."""
    return f"{service}.{namespace}.svc", f"{service}.{namespace}.svc.cluster.local"


def issue(names: tuple[str, ...], now: datetime) -> Issued:
    """A new authority and a pair for these DNS names and addresses; the authority's key is not kept."""
    authority_key, key = ec.generate_private_key(ec.SECP256R1()), ec.generate_private_key(ec.SECP256R1())
    authority = (
        _draft(AUTHORITY_NAME, AUTHORITY_NAME, authority_key, now)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(authority_key, hashes.SHA256())
    )
    certificate = (
        _draft(names[0], AUTHORITY_NAME, key, now)
        .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
        .add_extension(x509.SubjectAlternativeName([_alternative(name) for name in names]), critical=False)
        .sign(authority_key, hashes.SHA256())
    )
    return Issued(Pair(_pem(certificate), _private_pem(key)), _pem(authority))


def fault(pair: Pair, now: datetime) -> str | None:
    """Why the pair cannot be served, None where it can."""
    if not pair.certificate.strip() or not pair.key.strip():
        return "the certificate or its key is empty"
    try:
        certificate = x509.load_pem_x509_certificates(pair.certificate)[0]
        key = serialization.load_pem_private_key(pair.key, password=None)
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        return f"the certificate or its key is not PEM that can be read: {error}"
    if _public(key.public_key()) != _public(certificate.public_key()):
        return "the key is not the certificate's"
    if not certificate.not_valid_before_utc <= now <= certificate.not_valid_after_utc:
        return (
            f"the certificate is valid from {certificate.not_valid_before_utc:%Y-%m-%d %H:%M} "
            f"to {certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC only"
        )
    return None


def _draft(subject: str, issuer: str, key: ec.EllipticCurvePrivateKey, now: datetime) -> x509.CertificateBuilder:
    return (
        x509.CertificateBuilder()
        .subject_name(_name(subject))
        .issuer_name(_name(issuer))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now.astimezone(UTC) - SKEW)
        .not_valid_after(now.astimezone(UTC) + LIFETIME)
    )


def _name(text: str) -> x509.Name:
    """A common name has room for 64 characters; what counts is the subject's alternative names."""
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text[:64])])


def _alternative(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _pem(certificate: x509.Certificate) -> bytes:
    return certificate.public_bytes(serialization.Encoding.PEM)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )


def _public(key: object) -> bytes:
    described = serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo
    return key.public_bytes(*described)  # type: ignore[attr-defined,no-any-return]  # every kind of key has it
