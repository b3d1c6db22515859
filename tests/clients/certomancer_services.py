"""Certomancer's services on 127.0.0.1, at whole seconds: its own `animate` puts fractions of them into OCSP answers and
time-stamps, which OCSP does not allow (RFC 6960, 4.2.2.1, by RFC 5280, 4.1.2.5.2).

    certomancer_services.py CONFIGURATION KEYS PREFIX PORT

KEYS is the folder of the keys, PREFIX begins the addresses that its certificates name.
"""

import sys
from datetime import datetime, timezone

from certomancer.integrations.animator import Animator, AnimatorArchStore
from certomancer.registry import CertomancerConfig
from werkzeug.serving import run_simple


def main():
    configuration, keys, prefix, port = sys.argv[1:]
    config = CertomancerConfig.from_file(configuration, key_search_dir=keys, external_url_prefix=prefix)
    animator = Animator(AnimatorArchStore(config.pki_archs), with_web_ui=False)

    def at_whole_seconds(environ, start_response):
        now = datetime.now(tz=timezone.utc).replace(microsecond=0)
        environ["HTTP_X_CERTOMANCER_FAKE_TIME"] = now.isoformat()
        return animator(environ, start_response)

    run_simple("127.0.0.1", int(port), at_whole_seconds)


main()
