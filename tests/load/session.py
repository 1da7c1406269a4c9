"""One person at the app, as far as the server can tell: a websocket that speaks Streamlit's own protocol."""

import asyncio
import random
import time
from dataclasses import dataclass, field

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.Element_pb2 import Element
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.WidgetStates_pb2 import WidgetState
from websockets.asyncio.client import ClientConnection, connect

OVER = (ForwardMsg.FINISHED_SUCCESSFULLY, ForwardMsg.FINISHED_FRAGMENT_RUN_SUCCESSFULLY)


@dataclass
class Session:
    """A page that somebody has open.

    url     of the server
    page    "waves", "train" ...
    key     of the browser's cookie
    times   seconds from each action to the last of its answer
    broken  what the page showed of errors, and how often an answer did not come
    """

    url: str
    page: str
    key: str
    times: list[float] = field(default_factory=list)
    broken: list[str] = field(default_factory=list)
    _ids: dict[str, str] = field(default_factory=dict)
    _sliders: set[str] = field(default_factory=set)
    _states: dict[str, WidgetState] = field(default_factory=dict)
    _texts: dict[tuple[int, ...], str] = field(default_factory=dict)
    _script: str = ""
    _live: tuple[float, str] | None = None
    _socket: ClientConnection | None = None

    @property
    def text(self) -> str:
        """All that the page says now."""
        return "\n".join(text for _, text in sorted(self._texts.items()))

    async def open(self) -> None:
        """Come to the page for the first time."""
        address = self.url.replace("http", "ws", 1) + "/_stcore/stream"
        cookie = {"Cookie": f"mrnn_browser={self.key}"}
        self._socket = await connect(address, additional_headers=cookie, max_size=None, ping_interval=None)
        await self._ask()

    async def visit(self, page: str) -> None:
        """Go to another page."""
        self.page, self._script = page, ""
        await self._ask()

    async def close(self) -> None:
        """Leave."""
        if self._socket is not None:
            await self._socket.close()

    async def set(self, label: str, value: float) -> None:
        """Move a slider, or fill in a number."""
        state = WidgetState(id=self._ids[label])
        if label in self._sliders:
            state.double_array_value.data.append(value)
        else:
            state.double_value = value
        self._states[state.id] = state
        await self._ask()

    async def press(self, label: str) -> None:
        """Press a button."""
        await self._ask(WidgetState(id=self._ids[label], trigger_value=True))

    async def watch(self) -> bool:
        """As a page does that looks at its run every second; False once it does no longer."""
        if self._live is None:
            return False
        interval, fragment = self._live
        await asyncio.sleep(interval)
        await self._ask(fragment=fragment)
        return True

    async def _ask(self, pressed: WidgetState | None = None, fragment: str = "") -> None:
        if self._socket is None:
            raise RuntimeError("open the session first")
        message = BackMsg()
        client = message.rerun_script
        client.page_name, client.page_script_hash, client.fragment_id = self.page, self._script, fragment
        client.is_auto_rerun = bool(fragment)
        client.context_info.url = f"{self.url}/{self.page}"
        client.widget_states.widgets.extend([*self._states.values(), *([pressed] if pressed else [])])
        if not fragment:
            self._live = None
            self._texts.clear()
        started = time.perf_counter()
        await self._socket.send(message.SerializeToString())
        try:
            await asyncio.wait_for(self._answer(), 60)
        except TimeoutError:
            self.broken.append(f"no answer within 60 s on {self.page}")
        self.times.append(time.perf_counter() - started)

    async def _answer(self) -> None:
        assert self._socket is not None
        while True:
            message = ForwardMsg()
            message.ParseFromString(await self._socket.recv(decode=False))
            kind = message.WhichOneof("type")
            if kind == "navigation":
                self._script = message.navigation.page_script_hash
            elif kind == "auto_rerun":
                self._live = (message.auto_rerun.interval, message.auto_rerun.fragment_id)
            elif kind == "delta" and message.delta.WhichOneof("type") == "new_element":
                self._take(tuple(message.metadata.delta_path), message.delta.new_element)
            elif kind == "stop_auto_rerun":
                self._live = None
            elif kind == "script_finished" and message.script_finished in OVER:
                return
            elif kind == "script_finished":
                self._live = None  # the whole page comes again

    def _take(self, place: tuple[int, ...], element: Element) -> None:
        kind = element.WhichOneof("type") or ""
        shown = getattr(element, kind) if kind else None
        if kind in ("slider", "button", "number_input") and shown is not None:
            self._ids[shown.label] = shown.id
            if kind == "slider":
                self._sliders.add(shown.label)
        if kind == "exception":
            self.broken.append(f"{element.exception.type}: {element.exception.message}")
        self._texts[place] = str(getattr(shown, "body", "") or getattr(shown, "text", ""))


async def play(session: Session, until: asyncio.Event, seed: int) -> None:
    """Somebody who plays with waves until it is enough: another setting every two to four seconds."""
    chance = random.Random(seed)  # noqa: S311, no secret
    while not until.is_set():
        await asyncio.sleep(chance.uniform(2, 4))
        await session.set("Noise sigma", round(chance.uniform(0, 1), 2))


async def train(session: Session, seed: int, epochs: int) -> None:
    """Somebody who leaves the wave, trains a network, and watches it to its end."""
    await session.visit("train")
    await session.set("Seed", seed)
    await session.set("Epochs", epochs)
    await session.press("Train")
    while await session.watch():
        pass


async def until_first_epoch(session: Session) -> float:
    """Seconds from the click on Train to the first epoch on the chart; on the Train page, where nothing was trained."""
    started = time.perf_counter()
    await session.press("Train")
    while "After epoch" not in session.text:
        if not await session.watch():
            session.broken.append("the first epoch was never shown")
            break
    seconds = time.perf_counter() - started
    await session.press("Stop")
    return seconds
