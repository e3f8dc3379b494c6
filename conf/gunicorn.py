"""How gunicorn serves auth, config and mail. Addresses, limits and time-outs are options of each service."""

worker_class = "common.gunicorn_worker.Worker"
workers = 1  # a service scales by replicas, so that one process is one set of metrics and one pool of connections
preload_app = False  # an app that is built before the fork would share sockets and defeat patching
timeout = 30  # seconds without a heartbeat after which the master replaces a frozen worker
control_socket_disable = True
