from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class FetchState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    FETCH_STATE_UNSPECIFIED: _ClassVar[FetchState]
    FETCH_STATE_DOWNLOADING: _ClassVar[FetchState]
    FETCH_STATE_IMPORTING: _ClassVar[FetchState]
    FETCH_STATE_INTERRUPTED: _ClassVar[FetchState]
FETCH_STATE_UNSPECIFIED: FetchState
FETCH_STATE_DOWNLOADING: FetchState
FETCH_STATE_IMPORTING: FetchState
FETCH_STATE_INTERRUPTED: FetchState

class GetServerInfoRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class FreeDevicesRequest(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class ForgetRequest(_message.Message):
    __slots__ = ("cancel_jobs",)
    CANCEL_JOBS_FIELD_NUMBER: _ClassVar[int]
    cancel_jobs: bool
    def __init__(self, cancel_jobs: bool = ...) -> None: ...

class ForgetResponse(_message.Message):
    __slots__ = ("blobs", "jobs", "freed_bytes", "kept_jobs")
    BLOBS_FIELD_NUMBER: _ClassVar[int]
    JOBS_FIELD_NUMBER: _ClassVar[int]
    FREED_BYTES_FIELD_NUMBER: _ClassVar[int]
    KEPT_JOBS_FIELD_NUMBER: _ClassVar[int]
    blobs: int
    jobs: int
    freed_bytes: int
    kept_jobs: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, blobs: _Optional[int] = ..., jobs: _Optional[int] = ..., freed_bytes: _Optional[int] = ..., kept_jobs: _Optional[_Iterable[str]] = ...) -> None: ...

class FreeDevicesResponse(_message.Message):
    __slots__ = ("freed", "busy")
    FREED_FIELD_NUMBER: _ClassVar[int]
    BUSY_FIELD_NUMBER: _ClassVar[int]
    freed: _containers.RepeatedCompositeFieldContainer[Device]
    busy: _containers.RepeatedCompositeFieldContainer[Device]
    def __init__(self, freed: _Optional[_Iterable[_Union[Device, _Mapping]]] = ..., busy: _Optional[_Iterable[_Union[Device, _Mapping]]] = ...) -> None: ...

class GetServerInfoResponse(_message.Message):
    __slots__ = ("version", "api_versions", "devices", "limits", "encoders", "queued_jobs", "running_jobs", "instance_id", "pid", "default_encoder", "uptime_s", "notices", "disk")
    VERSION_FIELD_NUMBER: _ClassVar[int]
    API_VERSIONS_FIELD_NUMBER: _ClassVar[int]
    DEVICES_FIELD_NUMBER: _ClassVar[int]
    LIMITS_FIELD_NUMBER: _ClassVar[int]
    ENCODERS_FIELD_NUMBER: _ClassVar[int]
    QUEUED_JOBS_FIELD_NUMBER: _ClassVar[int]
    RUNNING_JOBS_FIELD_NUMBER: _ClassVar[int]
    INSTANCE_ID_FIELD_NUMBER: _ClassVar[int]
    PID_FIELD_NUMBER: _ClassVar[int]
    DEFAULT_ENCODER_FIELD_NUMBER: _ClassVar[int]
    UPTIME_S_FIELD_NUMBER: _ClassVar[int]
    NOTICES_FIELD_NUMBER: _ClassVar[int]
    DISK_FIELD_NUMBER: _ClassVar[int]
    version: str
    api_versions: _containers.RepeatedScalarFieldContainer[str]
    devices: _containers.RepeatedCompositeFieldContainer[Device]
    limits: Limits
    encoders: _containers.RepeatedCompositeFieldContainer[EncoderInfo]
    queued_jobs: int
    running_jobs: int
    instance_id: str
    pid: int
    default_encoder: str
    uptime_s: float
    notices: _containers.RepeatedScalarFieldContainer[str]
    disk: _containers.RepeatedCompositeFieldContainer[DiskUse]
    def __init__(self, version: _Optional[str] = ..., api_versions: _Optional[_Iterable[str]] = ..., devices: _Optional[_Iterable[_Union[Device, _Mapping]]] = ..., limits: _Optional[_Union[Limits, _Mapping]] = ..., encoders: _Optional[_Iterable[_Union[EncoderInfo, _Mapping]]] = ..., queued_jobs: _Optional[int] = ..., running_jobs: _Optional[int] = ..., instance_id: _Optional[str] = ..., pid: _Optional[int] = ..., default_encoder: _Optional[str] = ..., uptime_s: _Optional[float] = ..., notices: _Optional[_Iterable[str]] = ..., disk: _Optional[_Iterable[_Union[DiskUse, _Mapping]]] = ...) -> None: ...

class DiskUse(_message.Message):
    __slots__ = ("owner", "used_bytes", "allowed_bytes")
    OWNER_FIELD_NUMBER: _ClassVar[int]
    USED_BYTES_FIELD_NUMBER: _ClassVar[int]
    ALLOWED_BYTES_FIELD_NUMBER: _ClassVar[int]
    owner: str
    used_bytes: int
    allowed_bytes: int
    def __init__(self, owner: _Optional[str] = ..., used_bytes: _Optional[int] = ..., allowed_bytes: _Optional[int] = ...) -> None: ...

class Device(_message.Message):
    __slots__ = ("name", "description", "worker_pid", "loaded_encoders", "budget_bytes")
    NAME_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    WORKER_PID_FIELD_NUMBER: _ClassVar[int]
    LOADED_ENCODERS_FIELD_NUMBER: _ClassVar[int]
    BUDGET_BYTES_FIELD_NUMBER: _ClassVar[int]
    name: str
    description: str
    worker_pid: int
    loaded_encoders: _containers.RepeatedScalarFieldContainer[str]
    budget_bytes: int
    def __init__(self, name: _Optional[str] = ..., description: _Optional[str] = ..., worker_pid: _Optional[int] = ..., loaded_encoders: _Optional[_Iterable[str]] = ..., budget_bytes: _Optional[int] = ...) -> None: ...

class Limits(_message.Message):
    __slots__ = ("max_pixels", "max_upload_bytes", "max_steps", "max_styles", "max_jobs", "chunk_bytes", "min_side", "max_jobs_per_client")
    MAX_PIXELS_FIELD_NUMBER: _ClassVar[int]
    MAX_UPLOAD_BYTES_FIELD_NUMBER: _ClassVar[int]
    MAX_STEPS_FIELD_NUMBER: _ClassVar[int]
    MAX_STYLES_FIELD_NUMBER: _ClassVar[int]
    MAX_JOBS_FIELD_NUMBER: _ClassVar[int]
    CHUNK_BYTES_FIELD_NUMBER: _ClassVar[int]
    MIN_SIDE_FIELD_NUMBER: _ClassVar[int]
    MAX_JOBS_PER_CLIENT_FIELD_NUMBER: _ClassVar[int]
    max_pixels: int
    max_upload_bytes: int
    max_steps: int
    max_styles: int
    max_jobs: int
    chunk_bytes: int
    min_side: int
    max_jobs_per_client: int
    def __init__(self, max_pixels: _Optional[int] = ..., max_upload_bytes: _Optional[int] = ..., max_steps: _Optional[int] = ..., max_styles: _Optional[int] = ..., max_jobs: _Optional[int] = ..., chunk_bytes: _Optional[int] = ..., min_side: _Optional[int] = ..., max_jobs_per_client: _Optional[int] = ...) -> None: ...

class EncoderInfo(_message.Message):
    __slots__ = ("name", "available", "description", "fetch")
    NAME_FIELD_NUMBER: _ClassVar[int]
    AVAILABLE_FIELD_NUMBER: _ClassVar[int]
    DESCRIPTION_FIELD_NUMBER: _ClassVar[int]
    FETCH_FIELD_NUMBER: _ClassVar[int]
    name: str
    available: bool
    description: str
    fetch: WeightsFetch
    def __init__(self, name: _Optional[str] = ..., available: bool = ..., description: _Optional[str] = ..., fetch: _Optional[_Union[WeightsFetch, _Mapping]] = ...) -> None: ...

class WeightsFetch(_message.Message):
    __slots__ = ("state", "received_bytes", "total_bytes")
    STATE_FIELD_NUMBER: _ClassVar[int]
    RECEIVED_BYTES_FIELD_NUMBER: _ClassVar[int]
    TOTAL_BYTES_FIELD_NUMBER: _ClassVar[int]
    state: FetchState
    received_bytes: int
    total_bytes: int
    def __init__(self, state: _Optional[_Union[FetchState, str]] = ..., received_bytes: _Optional[int] = ..., total_bytes: _Optional[int] = ...) -> None: ...
