"""STS and ACM, and what the world says to calls it does not know."""

from typing import Any

import pytest
import trustme
from cryptography.hazmat.primitives import serialization

from lattice_emulator.world import ServiceError

from .worlds import HOME, OTHER, Bench, bench

RSA = {"Includes": {"keyTypes": ["RSA_2048", "EC_prime256v1"]}}


def pem(*names: str, kind: trustme.KeyType = trustme.KeyType.RSA) -> dict[str, bytes]:
    cert = trustme.CA().issue_cert(*names, common_name=names[0], key_type=kind)
    return {"Certificate": cert.cert_chain_pems[0].bytes(), "PrivateKey": cert.private_key_pem.bytes()}


def acm(b: Bench, operation: str, **params: Any) -> dict[str, Any]:
    return b.ask("acm", operation, params, HOME)


def refused(b: Bench, operation: str, **params: Any) -> ServiceError:
    with pytest.raises(ServiceError) as caught:
        acm(b, operation, **params)
    return caught.value


def test_the_caller_learns_its_account() -> None:
    answer = bench().ask("sts", "GetCallerIdentity", {}, OTHER)

    assert answer["Account"] == OTHER.account
    assert OTHER.account in answer["Arn"]


def test_an_imported_certificate_is_listed_and_described() -> None:
    b = bench()

    arn = acm(b, "ImportCertificate", **pem("rates.example.com", "*.example.com"))["CertificateArn"]
    service = b.service(certificateArn=arn, customDomainName="rates.example.com")

    listed = acm(b, "ListCertificates", CertificateStatuses=["ISSUED"])["CertificateSummaryList"]
    assert [(each["CertificateArn"], each["DomainName"]) for each in listed] == [(arn, "rates.example.com")]
    assert listed[0]["SubjectAlternativeNameSummaries"] == ["rates.example.com", "*.example.com"]
    assert listed[0]["InUse"] is True
    detail = acm(b, "DescribeCertificate", CertificateArn=arn)["Certificate"]
    assert (detail["Status"], detail["KeyAlgorithm"], detail["InUseBy"]) == ("ISSUED", "RSA_2048", [service])


def test_only_rsa_keys_are_listed_unless_asked() -> None:
    b = bench()
    acm(b, "ImportCertificate", **pem("rates.example.com", kind=trustme.KeyType.ECDSA))

    assert acm(b, "ListCertificates")["CertificateSummaryList"] == []
    assert len(acm(b, "ListCertificates", **RSA)["CertificateSummaryList"]) == 1


def test_an_import_may_replace_a_certificate() -> None:
    b = bench()
    arn = acm(b, "ImportCertificate", **pem("rates.example.com"))["CertificateArn"]

    again = acm(b, "ImportCertificate", CertificateArn=arn, **pem("inventory.example.com"))

    assert again["CertificateArn"] == arn
    assert acm(b, "DescribeCertificate", CertificateArn=arn)["Certificate"]["DomainName"] == "inventory.example.com"


def test_certificates_come_in_pages() -> None:
    b = bench()
    made = [acm(b, "ImportCertificate", **pem(f"s{n}.example.com"))["CertificateArn"] for n in range(3)]

    first = acm(b, "ListCertificates", MaxItems=2)
    rest = acm(b, "ListCertificates", MaxItems=2, NextToken=first["NextToken"])

    pages = first["CertificateSummaryList"] + rest["CertificateSummaryList"]
    assert [each["CertificateArn"] for each in pages] == made
    assert "NextToken" not in rest
    assert refused(b, "ListCertificates", NextToken="made up").code == "ValidationException"


def test_an_unknown_certificate_is_not_found() -> None:
    error = refused(bench(), "DescribeCertificate", CertificateArn="arn:aws:acm:us-west-2:111122223333:certificate/x")

    assert (error.code, error.status) == ("ResourceNotFoundException", 400)


def test_what_is_no_matching_pair_of_pems_is_refused() -> None:
    b = bench()
    one, two = pem("rates.example.com"), pem("inventory.example.com")

    for params in (
        {"Certificate": b"no", "PrivateKey": b"pem"},
        {"Certificate": one["Certificate"], "PrivateKey": two["PrivateKey"]},
        {"Certificate": b"\xff", "PrivateKey": one["PrivateKey"]},
        {"Certificate": one["Certificate"], "PrivateKey": encrypted()},
    ):
        assert refused(b, "ImportCertificate", **params).code == "ValidationException"


def encrypted() -> bytes:
    key = serialization.load_pem_private_key(pem("rates.example.com")["PrivateKey"], None)
    secret = serialization.BestAvailableEncryption(b"secret")
    return key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, secret)


@pytest.mark.parametrize(
    ("domain", "sound"),
    [
        pytest.param("rates.example.com", True, id="named"),
        pytest.param("any.wild.example.com", True, id="wildcard"),
        pytest.param("two.deep.wild.example.com", False, id="two labels below the wildcard"),
        pytest.param("other.example.com", False, id="not covered"),
    ],
)
def test_a_knob_has_certificates_checked_against_the_custom_domain(domain: str, sound: bool) -> None:
    b = bench(check_certificates=True)
    arn = acm(b, "ImportCertificate", **pem("rates.example.com", "*.wild.example.com"))["CertificateArn"]
    wanted = {"name": "rates", "customDomainName": domain, "certificateArn": arn}

    if sound:
        assert b.call("CreateService", **wanted)
    else:
        assert b.refused("CreateService", **wanted).code == "ValidationException"
    assert b.refused("CreateService", name="other", certificateArn=f"{arn}x").code == "ValidationException"


@pytest.mark.parametrize(
    ("service", "operation"),
    [("vpc-lattice", "CreateResourceGateway"), ("vpc-lattice", "NoSuch"), ("sts", "AssumeRole"), ("s3", "PutObject")],
)
def test_an_operation_that_is_not_built_is_refused_by_name(service: str, operation: str) -> None:
    with pytest.raises(ServiceError, match=operation) as caught:
        bench().world.call(service, operation, {}, HOME)

    assert caught.value.members == {"reason": "unknownOperation"}


def test_text_that_is_not_unicode_is_refused() -> None:
    with pytest.raises(ServiceError) as caught:
        bench().world.call("vpc-lattice", "CreateService", {"name": "\ud800"}, HOME)

    assert caught.value.members == {"reason": "cannotParse"}
