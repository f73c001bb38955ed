from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class PixelFormat(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PIXEL_FORMAT_UNSPECIFIED: _ClassVar[PixelFormat]
    PIXEL_FORMAT_GRAY: _ClassVar[PixelFormat]
    PIXEL_FORMAT_GRAY_ALPHA: _ClassVar[PixelFormat]
    PIXEL_FORMAT_RGB: _ClassVar[PixelFormat]
    PIXEL_FORMAT_RGBA: _ClassVar[PixelFormat]

class SampleType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    SAMPLE_TYPE_UNSPECIFIED: _ClassVar[SampleType]
    SAMPLE_TYPE_U8: _ClassVar[SampleType]
    SAMPLE_TYPE_U16: _ClassVar[SampleType]
    SAMPLE_TYPE_F16: _ClassVar[SampleType]
    SAMPLE_TYPE_F32: _ClassVar[SampleType]

class TransferFunction(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    TRANSFER_FUNCTION_UNSPECIFIED: _ClassVar[TransferFunction]
    TRANSFER_FUNCTION_SRGB: _ClassVar[TransferFunction]
    TRANSFER_FUNCTION_LINEAR: _ClassVar[TransferFunction]
PIXEL_FORMAT_UNSPECIFIED: PixelFormat
PIXEL_FORMAT_GRAY: PixelFormat
PIXEL_FORMAT_GRAY_ALPHA: PixelFormat
PIXEL_FORMAT_RGB: PixelFormat
PIXEL_FORMAT_RGBA: PixelFormat
SAMPLE_TYPE_UNSPECIFIED: SampleType
SAMPLE_TYPE_U8: SampleType
SAMPLE_TYPE_U16: SampleType
SAMPLE_TYPE_F16: SampleType
SAMPLE_TYPE_F32: SampleType
TRANSFER_FUNCTION_UNSPECIFIED: TransferFunction
TRANSFER_FUNCTION_SRGB: TransferFunction
TRANSFER_FUNCTION_LINEAR: TransferFunction

class ImageHeader(_message.Message):
    __slots__ = ("width", "height", "pixel_format", "sample_type", "transfer", "premultiplied_alpha", "icc_profile")
    WIDTH_FIELD_NUMBER: _ClassVar[int]
    HEIGHT_FIELD_NUMBER: _ClassVar[int]
    PIXEL_FORMAT_FIELD_NUMBER: _ClassVar[int]
    SAMPLE_TYPE_FIELD_NUMBER: _ClassVar[int]
    TRANSFER_FIELD_NUMBER: _ClassVar[int]
    PREMULTIPLIED_ALPHA_FIELD_NUMBER: _ClassVar[int]
    ICC_PROFILE_FIELD_NUMBER: _ClassVar[int]
    width: int
    height: int
    pixel_format: PixelFormat
    sample_type: SampleType
    transfer: TransferFunction
    premultiplied_alpha: bool
    icc_profile: bytes
    def __init__(self, width: _Optional[int] = ..., height: _Optional[int] = ..., pixel_format: _Optional[_Union[PixelFormat, str]] = ..., sample_type: _Optional[_Union[SampleType, str]] = ..., transfer: _Optional[_Union[TransferFunction, str]] = ..., premultiplied_alpha: bool = ..., icc_profile: _Optional[bytes] = ...) -> None: ...

class ImageRef(_message.Message):
    __slots__ = ("blob", "inline")
    BLOB_FIELD_NUMBER: _ClassVar[int]
    INLINE_FIELD_NUMBER: _ClassVar[int]
    blob: str
    inline: InlineImage
    def __init__(self, blob: _Optional[str] = ..., inline: _Optional[_Union[InlineImage, _Mapping]] = ...) -> None: ...

class InlineImage(_message.Message):
    __slots__ = ("raw", "encoded")
    RAW_FIELD_NUMBER: _ClassVar[int]
    ENCODED_FIELD_NUMBER: _ClassVar[int]
    raw: RawImage
    encoded: bytes
    def __init__(self, raw: _Optional[_Union[RawImage, _Mapping]] = ..., encoded: _Optional[bytes] = ...) -> None: ...

class RawImage(_message.Message):
    __slots__ = ("header", "samples")
    HEADER_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    header: ImageHeader
    samples: bytes
    def __init__(self, header: _Optional[_Union[ImageHeader, _Mapping]] = ..., samples: _Optional[bytes] = ...) -> None: ...
