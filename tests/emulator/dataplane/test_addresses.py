"""Where targets listen on this machine."""

import pytest

from lattice_emulator.dataplane.addresses import MappingError, local_address, parse_mapping


@pytest.mark.parametrize(
    ("target", "mapping", "expected"),
    [
        pytest.param("10.244.3.7", "10.244.0.0/16=127.244.0.0/16", "127.244.3.7", id="same place in the network"),
        pytest.param("10.0.3.7", "10.0.0.0/8=127.244.0.0/16", "127.244.3.7", id="a smaller home"),
        pytest.param("10.9.3.7", "10.244.0.0/16=127.244.0.0/16", "10.9.3.7", id="outside the mapping"),
        pytest.param("fd00::a2f", "fd00::/64=127.244.0.0/16", "127.244.10.47", id="IPv6 mapped"),
        pytest.param("fd00::a2f", None, "127.246.10.47", id="IPv6 without a mapping"),
        pytest.param("::1", None, "::1", id="the one IPv6 address of the loopback"),
        pytest.param("i-0123", "i-0123=127.0.0.5", "127.0.0.5", id="an instance"),
        pytest.param("i-0123", None, None, id="an instance without a mapping"),
        pytest.param("arn:aws:x/y", "arn:aws:x/y=127.0.0.5", "127.0.0.5", id="a load balancer"),
    ],
)
def test_a_target_is_found(target: str, mapping: str | None, expected: str | None) -> None:
    mappings = () if mapping is None else (parse_mapping(mapping),)

    assert local_address(target, mappings) == expected


def test_the_first_mapping_that_knows_a_target_is_taken() -> None:
    mappings = (parse_mapping("10.1.0.0/16=127.1.0.0/16"), parse_mapping("10.0.0.0/8=127.2.0.0/16"))

    assert [local_address(target, mappings) for target in ("10.1.0.5", "10.3.0.5")] == ["127.1.0.5", "127.2.0.5"]


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        pytest.param("10.0.0.0/8", "expected FROM=TO", id="no equals sign"),
        pytest.param("10.0.0.1/8=127.0.0.0/8", "host bits set; expected NETWORK=NETWORK", id="host bits"),
        pytest.param("10.0.0.0/8=here", "'here' does not appear to be", id="no network"),
        pytest.param("i-1=here", "expected an address after '='", id="no address"),
    ],
)
def test_a_bad_mapping_is_named(text: str, complaint: str) -> None:
    with pytest.raises(MappingError, match=complaint) as raised:
        parse_mapping(text)

    assert repr(text) in str(raised.value)
