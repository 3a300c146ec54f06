from ipaddress import IPv4Address

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storyclip.domain.clip_url import NOT_PUBLIC, is_public, objection_to

PUBLIC = [
    "https://cdn.example.com/clips/1.mp4",
    "HTTPS://CDN.EXAMPLE.COM/1.mp4",
    "https://cdn.example.com./1.mp4",
    "https://cdn.example.com:8443/1.mp4",
    "https://cdn.example.com:/1.mp4",
    "https://cdn.example.com",
    "https://bucket_1.s3.amazonaws.com/1.mp4?X-Amz-Signature=a%2Fb&x=@y#t=3",
    "https://xn--caf-dma.example.com/1.mp4",
    "https://8.8.8.8/1.mp4",
    "https://134744072/1.mp4",
    "https://172.15.255.255/1.mp4",
    "https://172.32.0.1/1.mp4",
    "https://100.63.255.255/1.mp4",
    "https://[2606:4700::6810:84e5]/1.mp4",
    "https://localhost.example.com/1.mp4",
    "https://internal.example.com/1.mp4",
    "https://1.example.com/1.mp4",
    "https://0x7f.example.com/1.mp4",
    "https://cdn.example.com/" + "a" * (2048 - 24),
]

PRIVATE_HOSTS = [
    "localhost",
    "LOCALHOST",
    "localhost.",
    "a.localhost",
    "metadata.google.internal",
    "metadata.google.internal.",
    "printer.local",
    "router.home.arpa",
    "nas.lan",
    "intranet",
    "metadata",
    "redis:6379",
    "127.0.0.1",
    "127.0.0.1.",
    "127.1",
    "127.0.1",
    "2130706433",
    "2130706433.",
    "017700000001",
    "0177.0.0.1",
    "0177.0x0.0.1",
    "0x7f000001",
    "0x7F.0.0.1",
    "0x7f.1",
    "0",
    "0x",
    "0.0.0.0",
    "10.0.0.1",
    "012.0.0.1",
    "100.64.0.1",
    "168.63.129.16",
    "169.254.169.254",
    "2852039166",
    "0xa9fea9fe",
    "0251.0376.0251.0376",
    "169.254.43518",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.1.1",
    "198.18.0.1",
    "203.0.113.9",
    "224.0.0.1",
    "255.255.255.255",
    "[::]",
    "[::1]",
    "[0:0:0:0:0:0:0:1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "[::ffff:8.8.8.8]",
    "[::127.0.0.1]",
    "[64:ff9b::7f00:1]",
    "[64:ff9b:1::1]",
    "[2002:7f00:1::]",
    "[2001:0:4136:e378::]",
    "[2001:db8::1]",
    "[3fff::1]",
    "[fd00:ec2::254]",
    "[fc00::1]",
    "[fe80::1]",
    "[fe80::1%25eth0]",
    "[fec0::1]",
    "[ff02::1]",
    "[100::1]",
]

NO_URLS = [
    "",
    "clip.mp4",
    "//cdn.example.com/1.mp4",
    "http://cdn.example.com/1.mp4",
    "ftp://cdn.example.com/1.mp4",
    "file:///etc/passwd",
    "javascript:alert(1)",
    "https:cdn.example.com/1.mp4",
    "https:///1.mp4",
    "https://",
    "https://.",
    "https://./1.mp4",
    "https://..example.com/1.mp4",
    "https://cdn.example.com../1.mp4",
    "https://cdn..example.com/1.mp4",
    "https://-cdn.example.com/1.mp4",
    "https://cdn.example.com-/1.mp4",
    "https://cdn.exam%70le.com/1.mp4",
    "https://%6c%6f%63alhost/1.mp4",
    "https://cdn.example.com:0/1.mp4",
    "https://cdn.example.com:99999/1.mp4",
    "https://cdn.example.com:https/1.mp4",
    "https://user@cdn.example.com/1.mp4",
    "https://user:word@cdn.example.com/1.mp4",
    "https://@cdn.example.com/1.mp4",
    "https://cdn.example.com@127.0.0.1/1.mp4",
    "https://cdn.example.com\\@127.0.0.1/1.mp4",
    "https:\\\\cdn.example.com/1.mp4",
    " https://cdn.example.com/1.mp4",
    "https://cdn.example.com/a b.mp4",
    "https://cdn.example.com/1.mp4\n",
    "https://cdn.exa\tmple.com/1.mp4",
    "https://cdn.example.com/\x00.mp4",
    "https://cdn.example.com/ñ.mp4",
    "https://①②⑦.0.0.1/1.mp4",
    "https://ⓛocalhost/1.mp4",
    "https://127。0。0。1/1.mp4",
    "https://1.2.3.4.5/1.mp4",
    "https://256.1.1.1/1.mp4",
    "https://8.8.8.256/1.mp4",
    "https://4294967296/1.mp4",
    "https://089.1.1.1/1.mp4",
    "https://8.8.8.8.com.1/1.mp4",
    "https://1..2/1.mp4",
    "https://[::1/1.mp4",
    "https://[1.2.3.4]/1.mp4",
    "https://[v1.a]/1.mp4",
    "https://[]/1.mp4",
    "https://" + "a" * 64 + ".example.com/1.mp4",
    "https://" + "a." * 130 + "com/1.mp4",
    "https://cdn.example.com/" + "a" * (2048 - 23),
]


@pytest.mark.parametrize("url", PUBLIC)
def test_a_public_address_is_fine(url):
    assert objection_to(url) is None


@pytest.mark.parametrize("host", PRIVATE_HOSTS)
def test_a_private_host_is_refused_however_it_is_written(host):
    assert objection_to(f"https://{host}/clip.mp4") is not None


@pytest.mark.parametrize("url", NO_URLS)
def test_what_is_no_https_url_is_refused(url):
    assert objection_to(url) is not None


@given(
    network=st.sampled_from(NOT_PUBLIC),
    place=st.integers(min_value=0),
    write=st.sampled_from([str, hex, lambda number: f"0{number:o}"]),
    parts=st.integers(min_value=1, max_value=4),
    dot=st.sampled_from(["", "."]),
)
def test_no_notation_hides_an_address_that_is_not_public(network, place, write, parts, dot):
    address = int(network.network_address) + place % network.num_addresses
    octets = list(IPv4Address(address).packed)
    numbers = [*octets[: parts - 1], int.from_bytes(bytes(octets[parts - 1 :]), "big")]
    host = ".".join(write(number) for number in numbers)

    assert objection_to(f"https://{host}{dot}/clip.mp4") == "the address is not a public one"


@given(st.text(max_size=60))
def test_no_text_breaks_the_judgement(text):
    objection_to(text)
    objection_to(f"https://{text}")
    objection_to(f"https://[{text}]/")


@pytest.mark.parametrize("address", ["8.8.8.8", "1.1.1.1", "2606:4700::1111", "2a00:1450::1"])
def test_a_resolved_public_address_is_one(address):
    assert is_public(address)


@given(network=st.sampled_from(NOT_PUBLIC), place=st.integers(min_value=0))
def test_no_resolved_address_of_a_forbidden_range_is_public(network, place):
    address = network[place % network.num_addresses]

    assert not is_public(str(address))
    assert not is_public(f"::ffff:{address}")
    assert not is_public(f"64:ff9b::{address}")


@pytest.mark.parametrize(
    "address",
    [
        "::",
        "::1",
        "fe80::1",
        "fe80::1%eth0",
        "2606:4700::1%1",
        "fc00::1",
        "ff02::1",
        "2002:7f00:1::",
    ],
)
def test_a_resolved_private_v6_address_is_not_public(address):
    assert not is_public(address)
