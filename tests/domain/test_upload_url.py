"""Files go to Amazon's S3 and to Metricool over https, and nowhere else."""

from __future__ import annotations

import pytest

from storyclip.domain.upload_url import objection_to_upload_url

PATH = "/planner/1/202612/a.mp4?X-Amz-Signature=s3cr3t"


@pytest.mark.parametrize(
    "host",
    [
        "metricool-temp.s3.eu-west-1.amazonaws.com",
        "metricool-temp.s3.amazonaws.com",
        "metricool-temp.s3-accelerate.amazonaws.com",
        "metricool-temp.s3.dualstack.eu-west-1.amazonaws.com",
        "s3.eu-west-1.amazonaws.com",
        "s3-eu-west-1.amazonaws.com",
        "s3.eu-west-1.amazonaws.com:443",
        "S3.EU-WEST-1.AMAZONAWS.COM",
        "upload.metricool.com",
        "metricool.com",
    ],
)
def test_a_file_may_go_to(host):
    assert objection_to_upload_url(f"https://{host}{PATH}") is None


def test_a_signed_url_with_a_sessions_token_may_be_long():
    url = f"https://metricool-temp.s3.amazonaws.com{PATH}&X-Amz-Security-Token={'a' * 2500}"

    assert objection_to_upload_url(url) is None
    assert objection_to_upload_url(url + "a" * 8000) == "it is no URL"


@pytest.mark.parametrize(
    "url",
    [
        f"http://metricool-temp.s3.amazonaws.com{PATH}",
        f"https://s3.amazonaws.com:8443{PATH}",
        f"https://user@s3.amazonaws.com{PATH}",
        f"https://s3.amazonaws.com@evil.example{PATH}",
        f"https://s3.amazonaws.com.evil.example{PATH}",
        f"https://evil-s3.amazonaws.com{PATH}",
        f"https://ec2-1-2-3-4.eu-west-1.compute.amazonaws.com{PATH}",
        f"https://evils3.amazonaws.com{PATH}",
        f"https://notmetricool.com{PATH}",
        f"https://metricool.com.evil.example{PATH}",
        f"https://127.0.0.1{PATH}",
        f"https://[::1]{PATH}",
        f"https://169.254.169.254{PATH}",
        f"https:\\\\s3.amazonaws.com{PATH}",
        f"https://s3.amazonaws.com/a\r\nX-Evil: 1{PATH}",
        "https://s3.amazonaws.com:port/",
        "file:///etc/passwd",
        "",
    ],
)
def test_a_file_may_not_go_to(url):
    objection = objection_to_upload_url(url)

    assert objection is not None
    assert "s3cr3t" not in objection
