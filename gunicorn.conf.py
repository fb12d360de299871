"""How the product is served: synchronous workers, one a core, the model loaded once before the fork."""

import os

bind = f"{os.environ.get('HOST', '127.0.0.1')}:{os.environ.get('PORT', '8000')}"
workers = int(os.environ.get("WEB_CONCURRENCY") or os.cpu_count() or 2)
worker_class = "sync"
preload_app = True
timeout = 60
graceful_timeout = 20
max_requests = 10_000
max_requests_jitter = 1_000
forwarded_allow_ips = "127.0.0.1,::1"
control_socket_disable = True
# No access log: an address line may hold what a customer said. Errors go to stderr.
accesslog = None
errorlog = "-"
loglevel = "warning"


def when_ready(server):
    """Load the model before the workers are forked, so that they share its memory; then say where the product is."""
    server.app.wsgi().extensions["preload"]()
    host, port = server.LISTENERS[0].sock.getsockname()[:2]
    print(f"95598 投诉分拣已就绪 ready at http://{host}:{port}/", flush=True)


# The database needs no hook here: its pool is made anew in each process.
