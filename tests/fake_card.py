"""A card that is none: for what cannot run where no GPU is lent.

`FakeCard` is a device named ``cuda:0`` to all who ask. Its tensors are a kind of their own, whose numbers the processor
computes, so results are true; and whatever takes tensors of both devices raises, as CUDA would. What crosses is noted,
and how much lies on the card. It knows nothing of streams, graphs, kernels or speed.
"""

import weakref
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self
from unittest import mock

import torch
import torch.nn.functional as F
from torch import Tensor
from torch.overrides import TorchFunctionMode
from torch.utils._python_dispatch import return_and_correct_aliasing
from torch.utils._pytree import tree_leaves, tree_map

CARD, HOST = torch.device("cuda", 0), torch.device("cpu")
aten = torch.ops.aten


class OnCard(Tensor):
    """A tensor of the card; its numbers are `held`, on the processor."""

    held: Tensor
    card: ClassVar["FakeCard | None"] = None

    @staticmethod
    def __new__(cls: type[Self], held: Tensor) -> Self:
        """Says of itself what `held` says, but for the device."""
        made = torch.Tensor._make_wrapper_subclass(
            cls, held.shape, held.stride(), held.storage_offset(), dtype=held.dtype
        )
        made.held = held
        if cls.card is not None:
            cls.card.holds(held)
        return made

    device = property(lambda _self: CARD)
    is_cuda = property(lambda _self: True)
    is_cpu = property(lambda _self: False)

    def data_ptr(self) -> int:
        """Of its numbers."""
        return self.held.data_ptr()

    def __deepcopy__(self, memo: dict[int, Any]) -> Tensor:
        """With numbers of its own; a module's weight stays one."""
        copied: Tensor = OnCard(self.held.detach().clone())
        if isinstance(self, torch.nn.Parameter):
            copied = torch.nn.Parameter(copied, requires_grad=self.requires_grad)
        memo[id(self)] = copied
        return copied

    def __repr__(self) -> str:  # type: ignore[override]  # torch's keyword is for tensors inside others
        return f"<OnCard {tuple(self.shape)}>"

    __torch_function__ = torch._C._disabled_torch_function_impl  # type: ignore[assignment]  # as torch says to do

    @classmethod
    def __torch_dispatch__(  # type: ignore[override]  # its stub forgets that it is a class method
        cls, func: Any, _types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Every operation that has a tensor of the card: all of them must be, as CUDA wants it."""
        kwargs = dict(kwargs or {})
        if func is aten.copy_.default:
            return _copied(*args)
        given = [one for one in tree_leaves((args, kwargs)) if isinstance(one, Tensor)]
        if any(one.dim() and not isinstance(one, OnCard) for one in given):
            told = ", ".join(f"{one.device} {tuple(one.shape)}" for one in given)
            raise RuntimeError(f"Expected all tensors to be on the same device: {func} of {told}")
        if "device" in kwargs and kwargs["device"] is not None:
            kwargs["device"] = HOST
        held = tree_map(lambda one: one.held if isinstance(one, OnCard) else one, (tuple(args), kwargs))
        run = _convolved if func is aten.cudnn_convolution_relu.default else func
        found = tree_map(lambda one: OnCard(one) if isinstance(one, Tensor) else one, run(*held[0], **held[1]))
        return return_and_correct_aliasing(func, args, kwargs, found)


def _convolved(x: Tensor, weight: Tensor, bias: Tensor, *place: Any) -> Tensor:
    """CuDNN's convolution with bias and ReLU, which the processor has not."""
    stride, padding, dilation, groups = place
    return F.conv2d(x, weight, bias, stride, padding, dilation, groups).relu_()


def _copied(to: Tensor, of: Tensor, _waits: bool = False) -> Tensor:  # as torch calls it
    """A copy may cross."""
    if isinstance(to, OnCard) != isinstance(of, OnCard) and OnCard.card is not None:
        OnCard.card.crossed(of, there=isinstance(to, OnCard))
    one, other = (each.held if isinstance(each, OnCard) else each for each in (to, of))
    one.copy_(other)
    return to


class Crossing(torch.autograd.Function):
    """From one device to the other; a gradient goes the other way."""

    @staticmethod
    def forward(ctx: Any, of: Tensor, card: "FakeCard") -> Tensor:
        """A copy."""
        ctx.card = card
        card.crossed(of, there=not isinstance(of, OnCard))
        return of.held.clone() if isinstance(of, OnCard) else OnCard(of.clone())

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor, None]:
        """The gradient's copy."""
        return Crossing.apply(gradients[0], ctx.card), None  # type: ignore[no-untyped-call]


@dataclass
class FakeCard(TorchFunctionMode):
    """While open there is a card; the mutable state is what has crossed, and what lies there.

    Attributes:
        fails_at: the crossing, counted from 1, at which it breaks; 0 means never.
        total: bytes of its memory, as it tells.
        there, back: shapes of what went to the card, and of what came back.
        bytes: that lie there now; `peak` is the most that ever did.
    """

    fails_at: int = 0
    total: int = 8 << 30
    there: list[tuple[int, ...]] = field(default_factory=list)
    back: list[tuple[int, ...]] = field(default_factory=list)
    bytes: int = 0
    peak: int = 0

    def __post_init__(self) -> None:
        super().__init__()
        self._known = set[int]()
        told = {"memory_reserved": 0, "memory_allocated": 0, "mem_get_info": (self.total, self.total)}
        silent = {"synchronize": None, "empty_cache": None}
        answers: dict[str, Any] = {name: mock.Mock(return_value=said) for name, said in (told | silent).items()}
        self._driver = mock.patch.multiple("torch.cuda", **answers)

    def __enter__(self) -> Self:
        OnCard.card = self
        self._driver.start()
        torch.__future__.set_overwrite_module_params_on_conversion(True)  # a weight becomes another tensor there
        super().__enter__()  # type: ignore[no-untyped-call]
        return self

    def __exit__(self, *error: object) -> None:
        super().__exit__(*error)  # type: ignore[no-untyped-call]
        self._driver.stop()
        OnCard.card = None
        torch.__future__.set_overwrite_module_params_on_conversion(False)

    def crossed(self, of: Tensor, *, there: bool) -> None:
        """Notes it, or breaks."""
        (self.there if there else self.back).append(tuple(of.shape))
        if len(self.there) + len(self.back) == self.fails_at:
            raise RuntimeError("CUDA error: the fake card breaks, as it was told to")

    def holds(self, held: Tensor) -> None:
        """Counts memory until it is free."""
        storage = held.untyped_storage()
        if storage._cdata in self._known:
            return
        self._known.add(storage._cdata)
        self.bytes += storage.nbytes()
        self.peak = max(self.peak, self.bytes)
        weakref.finalize(storage, self._frees, storage._cdata, storage.nbytes())

    def _frees(self, name: int, size: int) -> None:
        self._known.discard(name)
        self.bytes -= size

    def __torch_function__(
        self, func: Callable[..., Any], _types: Any, args: Sequence[Any] = (), kwargs: Mapping[str, Any] | None = None
    ) -> Any:
        """Moves to and from the card, and what is made there."""
        kwargs = dict(kwargs or {})
        if func in (Tensor.to, Tensor.cpu):
            return self._moved(func, args, kwargs)
        device = kwargs.get("device")
        if device is not None and torch.device(device).type == CARD.type:
            return OnCard(func(*args, **kwargs | {"device": HOST}))
        return func(*args, **kwargs)

    def _moved(self, func: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any]) -> Tensor:
        tensor, rest = args[0], list(args[1:])
        device = HOST if func is Tensor.cpu else kwargs.pop("device", None)
        for index, one in enumerate(rest):
            if isinstance(one, Tensor):
                device, rest[index] = one.device, one.dtype
            elif isinstance(one, torch.device | str):
                device, rest[index] = torch.device(one), None
        rest = [one for one in rest if one is not None]
        if device is not None and (torch.device(device).type == CARD.type) != isinstance(tensor, OnCard):
            tensor = Crossing.apply(tensor, self)  # type: ignore[no-untyped-call]
        kinds = [one for one in (*rest, kwargs.get("dtype")) if isinstance(one, torch.dtype)]
        moved: Tensor = tensor.to(kinds[0]) if kinds else tensor
        return moved
