"""ACM, as far as a client of Lattice needs it: import, list, describe (spec/lattice.md §13.2)."""

import hashlib
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_private_key
from cryptography.x509.oid import NameOID

from lattice_emulator.world import errors
from lattice_emulator.world import model as m
from lattice_emulator.world.arns import partition_of
from lattice_emulator.world.context import Answer, Context, Operation, Params, present, timestamp
from lattice_emulator.world.errors import ServiceError

LISTED_KEYS = ("RSA_1024", "RSA_2048")
CURVES = {"secp256r1": "EC_prime256v1", "secp384r1": "EC_secp384r1", "secp521r1": "EC_secp521r1"}
NAMES_SHOWN = 100


def import_certificate(ctx: Context, params: Params) -> Answer:
    """ImportCertificate: new, or in the place of the one with the given ARN."""
    certificate, key_pem = _parsed(params)
    arn = params.get("CertificateArn")
    replaced = None if arn is None else _found(ctx, arn)
    seq = ctx.state.counters.next_seq() if replaced is None else replaced.seq
    arn = replaced.arn if replaced is not None else _new_arn(ctx, seq)
    made = m.Certificate(
        arn=arn,
        seq=seq,
        home=ctx.caller,
        domain=_common_name(certificate),
        alternative_names=_alternative_names(certificate),
        key_algorithm=_key_algorithm(certificate),
        serial=":".join(f"{byte:02x}" for byte in certificate.serial_number.to_bytes(20, "big").lstrip(b"\0")),
        subject=certificate.subject.rfc4514_string(),
        issuer=certificate.issuer.rfc4514_string(),
        not_before=certificate.not_valid_before_utc.timestamp(),
        not_after=certificate.not_valid_after_utc.timestamp(),
        created_at=ctx.now if replaced is None else replaced.created_at,
        imported_at=ctx.now,
        certificate_pem=_text(params["Certificate"]),
        chain_pem=_text(params["CertificateChain"]) if params.get("CertificateChain") else None,
        key_pem=key_pem,
    )
    ctx.state.certificates[arn] = made
    ctx.state.touch()
    return {"CertificateArn": arn}


def describe_certificate(ctx: Context, params: Params) -> Answer:
    """DescribeCertificate."""
    found = _found(ctx, params["CertificateArn"])
    using = [service for service in ctx.state.services.by("home", ctx.caller) if service.certificate_arn == found.arn]
    detail = _dates(ctx, found) | {
        "CertificateArn": found.arn,
        "DomainName": found.domain,
        "SubjectAlternativeNames": list(found.alternative_names[:NAMES_SHOWN]),
        "Serial": found.serial,
        "Subject": found.subject,
        "Issuer": found.issuer,
        "InUseBy": [service.id for service in using],
        "RenewalEligibility": "INELIGIBLE",
    }
    return {"Certificate": detail}


def list_certificates(ctx: Context, params: Params) -> Answer:
    """ListCertificates: RSA keys up to 2048 bits unless Includes.keyTypes asks for others."""
    keys = (params.get("Includes") or {}).get("keyTypes") or LISTED_KEYS
    statuses = params.get("CertificateStatuses") or ["ISSUED", "EXPIRED"]
    mine = [c for c in ctx.state.certificates.values() if c.home == ctx.caller and c.key_algorithm in keys]
    wanted = sorted((c for c in mine if _status(ctx, c) in statuses), key=lambda c: c.seq)
    if params.get("SortOrder") == "DESCENDING":
        wanted.reverse()
    start = _start(wanted, params.get("NextToken"))
    size = params.get("MaxItems") or 1000
    used = {service.certificate_arn for service in ctx.state.services.by("home", ctx.caller)}
    shown = wanted[start : start + size]
    following = shown[-1].arn if start + size < len(wanted) else None
    return present(NextToken=following, CertificateSummaryList=[_summary(ctx, c, used) for c in shown])


def check_usable(ctx: Context, arn: str | None, custom_domain: str | None) -> None:
    """Raise ValidationException when `Knobs.check_certificates` asks for a certificate that there is not."""
    if arn is None or not ctx.knobs.check_certificates:
        return
    found = ctx.state.certificates.get(arn)
    if found is None or found.home != ctx.caller or _status(ctx, found) != "ISSUED":
        raise errors.invalid("certificateArn", f"Certificate {arn} is not ISSUED in {ctx.caller.region}.")
    if custom_domain is not None and not covers(found, custom_domain):
        raise errors.invalid("certificateArn", f"Certificate {arn} does not cover {custom_domain}.")


def covers(certificate: m.Certificate, host: str) -> bool:
    """Whether one of the certificate's names is ``host``, or a wildcard for its first label."""
    parent = host.lower().partition(".")[2]
    names = certificate.alternative_names or (certificate.domain,)
    return any(name.lower() in (host.lower(), f"*.{parent}") for name in names)


def _parsed(params: Params) -> tuple[x509.Certificate, str]:
    key_pem = _text(params["PrivateKey"])
    try:
        certificate = x509.load_pem_x509_certificate(_text(params["Certificate"]).encode())
        key = load_pem_private_key(key_pem.encode(), None).public_key()
        matches = _public_bytes(key) == _public_bytes(certificate.public_key())
    except (ValueError, TypeError) as error:
        raise _invalid("Certificate or PrivateKey is not an unencrypted PEM text.") from error
    if not matches:
        raise _invalid("PrivateKey does not belong to Certificate.")
    return certificate, key_pem


def _public_bytes(key: Any) -> bytes:
    text: bytes = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
    return text


def _text(blob: bytes | str) -> str:
    try:
        return blob if isinstance(blob, str) else blob.decode()
    except UnicodeDecodeError as error:
        raise _invalid("The PEM text is not ASCII.") from error


def _found(ctx: Context, arn: str) -> m.Certificate:
    found = ctx.state.certificates.get(arn)
    if found is None or found.home != ctx.caller:
        raise ServiceError("ResourceNotFoundException", f"Could not find certificate {arn}.", 400)
    return found


def _new_arn(ctx: Context, seq: int) -> str:
    digits = hashlib.sha256(f"{ctx.state.counters.seed}/certificate/{seq}".encode()).hexdigest()
    name = "-".join((digits[:8], digits[8:12], digits[12:16], digits[16:20], digits[20:32]))
    return f"arn:{partition_of(ctx.caller.region)}:acm:{ctx.caller.region}:{ctx.caller.account}:certificate/{name}"


def _common_name(certificate: x509.Certificate) -> str:
    named = certificate.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
    alternatives = _alternative_names(certificate)
    return str(named[0].value) if named else (alternatives[0] if alternatives else "")


def _alternative_names(certificate: x509.Certificate) -> tuple[str, ...]:
    try:
        extension = certificate.extensions.get_extension_for_class(x509.SubjectAlternativeName)
    except (x509.ExtensionNotFound, ValueError):
        return ()
    return tuple(extension.value.get_values_for_type(x509.DNSName))


def _key_algorithm(certificate: x509.Certificate) -> str:
    match certificate.public_key():
        case RSAPublicKey(key_size=bits) if bits in (1024, 2048, 3072, 4096):
            return f"RSA_{bits}"
        case EllipticCurvePublicKey(curve=curve) if curve.name in CURVES:
            return CURVES[curve.name]
        case _:
            raise _invalid("The key is neither RSA of 1024-4096 bits nor of a supported curve.")


def _status(ctx: Context, certificate: m.Certificate) -> str:
    return "ISSUED" if certificate.not_after > ctx.now else "EXPIRED"


def _dates(ctx: Context, certificate: m.Certificate) -> Answer:
    return {
        "Status": _status(ctx, certificate),
        "Type": "IMPORTED",
        "KeyAlgorithm": certificate.key_algorithm,
        "NotBefore": timestamp(certificate.not_before),
        "NotAfter": timestamp(certificate.not_after),
        "CreatedAt": timestamp(certificate.created_at),
        "ImportedAt": timestamp(certificate.imported_at),
    }


def _summary(ctx: Context, certificate: m.Certificate, used: set[str | None]) -> Answer:
    names = certificate.alternative_names
    return {
        "CertificateArn": certificate.arn,
        "DomainName": certificate.domain,
        "SubjectAlternativeNameSummaries": list(names[:NAMES_SHOWN]),
        "HasAdditionalSubjectAlternativeNames": len(names) > NAMES_SHOWN,
        "InUse": certificate.arn in used,
        "RenewalEligibility": "INELIGIBLE",
    } | _dates(ctx, certificate)


def _start(wanted: list[m.Certificate], token: str | None) -> int:
    if token is None:
        return 0
    places = [place for place, each in enumerate(wanted) if each.arn == token]
    if not places:
        raise ServiceError("ValidationException", "NextToken was not issued by this service for this list.", 400)
    return places[0] + 1


def _invalid(text: str) -> ServiceError:
    return ServiceError("ValidationException", text, 400)


OPERATIONS: dict[str, Operation] = {
    "ImportCertificate": import_certificate,
    "DescribeCertificate": describe_certificate,
    "ListCertificates": list_certificates,
}
