"""A compositor's end of the wire, for what no real one can be made to do: draw nothing, close a badge on an output that
stays, object to a request. It has one output. Its windows are told as COSMIC does it (COSMIC_GLOBALS): there is no COSMIC in
Debian. Its lock is told as Hyprland does it, which starts on no machine without a screen.
"""

import os
import select
import socket
import struct
import threading

from wire import text, uint

GLOBALS = [("wl_compositor", 4), ("wl_shm", 1), ("zwlr_layer_shell_v1", 4), ("wl_output", 4)]
LIST, INFO = "ext_foreign_toplevel_list_v1", "zcosmic_toplevel_info_v1"
LOCK = "hyprland_lock_notifier_v1"
COSMIC_GLOBALS = [(LIST, 1), (INFO, 3), *GLOBALS]
# Of zcosmic_toplevel_handle_v1.
MAXIMIZED, ACTIVATED = 0, 2


class Window:
    def __init__(self, app, title):
        self.app, self.title, self.is_active = app, title, False


class _Client:
    def __init__(self, peer, compositor):
        self.socket = peer
        self.compositor = compositor
        self.received = b""
        self.objects = {1: "wl_display"}
        self.frames = []
        self.layers = []
        self.bound = {}
        # Objects of this client's by window: its handle on the list, and the one that tells its state.
        self.handles, self.cosmic = {}, {}

    def event(self, target, opcode, *arguments):
        body = b"".join(arguments)
        self.socket.send(struct.pack("<II", target, (8 + len(body)) << 16 | opcode) + body)

    def done(self, callback):
        self.event(callback, 0, uint(0))

    def take(self, data):
        self.received += data
        while len(self.received) >= 8:
            target, word = struct.unpack_from("<II", self.received)
            if len(self.received) < word >> 16:
                return
            body = self.received[8 : word >> 16]
            self.received = self.received[word >> 16 :]
            getattr(self, f"{self.objects.get(target)}_{word & 0xFFFF}", lambda *_: None)(target, body)

    def new(self, body, interface, offset=0):
        number = struct.unpack_from("<I", body, offset)[0]
        self.objects[number] = interface
        return number

    # Requests are named after interface and opcode; those that nobody needs an answer to are left out.

    def wl_display_0(self, _, body):
        self.done(self.new(body, "wl_callback"))

    def wl_display_1(self, _, body):
        registry = self.new(body, "wl_registry")
        self.registry = registry
        for name, (interface, version) in enumerate(self.compositor.globals):
            self.event(registry, 0, uint(name), text(interface), uint(version))

    def wl_registry_0(self, _, body):
        length = struct.unpack_from("<I", body, 4)[0]
        interface = body[8 : 8 + length - 1].decode()
        number = self.new(body, interface, len(body) - 4)
        if interface == "wl_output":
            self.event(number, 4, text("FAKE-1"))
            self.event(number, 2)
        self.bound[interface] = number
        if interface == LIST:
            for window in self.compositor.windows:
                self.opened(window)
        if interface == INFO:
            # Another one would be sent what the agent does not know.
            assert struct.unpack_from("<I", body, len(body) - 8)[0] == 2

    def wl_compositor_0(self, _, body):
        self.new(body, "wl_surface")

    def wl_shm_0(self, _, body):
        self.new(body, "wl_shm_pool")

    def wl_shm_pool_0(self, _, body):
        self.new(body, "wl_buffer")

    def wl_surface_3(self, _, body):
        self.frames.append(self.new(body, "wl_callback"))

    def wl_surface_6(self, *_):
        if self.compositor.draws:
            self.drawn()

    def drawn(self):
        while self.frames:
            self.done(self.frames.pop(0))

    def zwlr_layer_shell_v1_0(self, _, body):
        self.layers.append(self.new(body, "zwlr_layer_surface_v1"))

    def zwlr_layer_surface_v1_0(self, target, body):
        self.event(target, 0, uint(1), body[:8])

    # Hyprland's lock.

    def hyprland_lock_notifier_v1_1(self, _, body):
        self.lock = self.new(body, "hyprland_lock_notification_v1")
        if self.compositor.is_locked:
            self.event(self.lock, 0)

    # COSMIC's windows.

    def opened(self, window):
        if LIST not in self.bound:
            return
        # The server's own numbers begin here.
        self.handles[window] = handle = 0xFF000000 + len(self.handles)
        self.event(self.bound[LIST], 0, uint(handle))
        self.named(window)

    def named(self, window):
        handle = self.handles[window]
        self.event(handle, 2, text(window.title))
        self.event(handle, 3, text(window.app))
        self.event(handle, 1)

    def zcosmic_toplevel_info_v1_1(self, _, body):
        number, handle = self.new(body, "zcosmic_toplevel_handle_v1"), struct.unpack_from("<I", body, 4)[0]
        window = next(window for window, known in self.handles.items() if known == handle)
        self.cosmic[window] = number
        self.event(number, 4, uint(self.bound["wl_output"]))
        self.state(window)
        self.settled()

    def state(self, window):
        states = [MAXIMIZED, *([ACTIVATED] if window.is_active else [])]
        if window in self.cosmic:
            self.event(self.cosmic[window], 8, uint(4 * len(states)), *map(uint, states))

    def settled(self):
        if INFO in self.bound:
            self.event(self.bound[INFO], 2)

    def closed(self, window):
        self.event(self.handles[window], 0)


class FakeCompositor:
    """Serves in a thread of its own until it is stopped. What it is told to do, it does there."""

    def __init__(self, path, offered=GLOBALS):
        # A list of its own: a test may add to it.
        self.globals = list(offered)
        self.windows = []
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(str(path))
        path.chmod(0o666)
        self.listener.listen()
        self.clients = []
        self.draws = False
        self.is_locked = False
        self.orders = []
        self.bell, self.wake = os.pipe()
        self.thread = threading.Thread(target=self._serve, daemon=True)
        self.thread.start()

    def _serve(self):
        while True:
            sources = {client.socket: client for client in self.clients}
            for ready in select.select([self.bell, self.listener, *sources], [], [])[0]:
                if ready == self.bell:
                    if not os.read(self.bell, 1):
                        return
                    self.orders.pop(0)()
                elif ready is self.listener:
                    self.clients.append(_Client(self.listener.accept()[0], self))
                else:
                    self._hear(sources[ready])

    def _hear(self, client):
        try:
            data, descriptors, _, _ = socket.recv_fds(client.socket, 65536, 16)
        except ConnectionError:
            data, descriptors = b"", []
        for descriptor in descriptors:
            os.close(descriptor)
        if data:
            client.take(data)
        else:
            client.socket.close()
            self.clients.remove(client)

    def _order(self, order):
        self.orders.append(order)
        os.write(self.wake, b"!")

    def _badges(self):
        return [client for client in self.clients if client.layers]

    def draw(self):
        """From now on it draws what it is given, as a screen that was woken."""

        def order():
            self.draws = True
            for client in self.clients:
                client.drawn()

        self._order(order)

    def close_badges(self):
        self._order(lambda: [client.event(layer, 1) for client in self._badges() for layer in client.layers])

    def object_to_badges(self):
        def order():
            for client in self._badges():
                client.event(1, 0, uint(client.layers[0]), uint(3), text("no such thing here"))

        self._order(order)

    def tell(self, what):
        """Each client, in the thread that serves it."""
        self._order(lambda: [what(client) for client in self.clients])

    def lock(self, is_locked):
        self.is_locked = is_locked
        self.tell(lambda client: LOCK in client.bound and client.event(client.lock, 0 if is_locked else 1))

    def open_window(self, app, title, active=True):
        window = Window(app, title)

        def order():
            self.windows.append(window)
            if active:
                self._focus(window)
            for client in self.clients:
                client.opened(window)

        self._order(order)
        return window

    def _focus(self, window):
        for other in self.windows:
            other.is_active = other is window
        for client in self.clients:
            for other in self.windows:
                client.state(other)
            client.settled()

    def focus(self, window):
        """None: no window has the keyboard any more."""
        self._order(lambda: self._focus(window))

    def rename(self, window, title):
        window.title = title
        self.tell(lambda client: window in client.handles and client.named(window))

    def close_window(self, window):
        def order():
            self.windows.remove(window)
            for client in self.clients:
                if window in client.handles:
                    client.closed(window)

        self._order(order)

    def withdraw(self, interface):
        """The global is no more."""
        number = [name for name, _ in self.globals].index(interface)
        self.tell(lambda client: client.event(client.registry, 1, uint(number)))

    def stop(self):
        os.close(self.wake)
        self.thread.join()
        for client in self.clients:
            client.socket.close()
        self.listener.close()
        os.close(self.bell)
