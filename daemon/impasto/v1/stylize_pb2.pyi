import datetime

from google.protobuf import duration_pb2 as _duration_pb2
from google.protobuf import timestamp_pb2 as _timestamp_pb2
from google.rpc import status_pb2 as _status_pb2
from impasto.v1 import image_pb2 as _image_pb2
from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class JobState(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    JOB_STATE_UNSPECIFIED: _ClassVar[JobState]
    JOB_STATE_QUEUED: _ClassVar[JobState]
    JOB_STATE_RUNNING: _ClassVar[JobState]
    JOB_STATE_SUCCEEDED: _ClassVar[JobState]
    JOB_STATE_FAILED: _ClassVar[JobState]
    JOB_STATE_CANCELLED: _ClassVar[JobState]

class Priority(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    PRIORITY_UNSPECIFIED: _ClassVar[Priority]
    PRIORITY_INTERACTIVE: _ClassVar[Priority]
    PRIORITY_NORMAL: _ClassVar[Priority]
    PRIORITY_BATCH: _ClassVar[Priority]

class DisconnectPolicy(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DISCONNECT_POLICY_UNSPECIFIED: _ClassVar[DisconnectPolicy]
    DISCONNECT_POLICY_CANCEL: _ClassVar[DisconnectPolicy]
    DISCONNECT_POLICY_KEEP_RUNNING: _ClassVar[DisconnectPolicy]

class Optimizer(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    OPTIMIZER_UNSPECIFIED: _ClassVar[Optimizer]
    OPTIMIZER_LBFGS: _ClassVar[Optimizer]
    OPTIMIZER_ADAM: _ClassVar[Optimizer]

class Start(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    START_UNSPECIFIED: _ClassVar[Start]
    START_CONTENT: _ClassVar[Start]
    START_NOISE: _ClassVar[Start]

class ColourHandling(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    COLOUR_HANDLING_UNSPECIFIED: _ClassVar[ColourHandling]
    COLOUR_HANDLING_STYLE: _ClassVar[ColourHandling]
    COLOUR_HANDLING_CONTENT_LUMINANCE: _ClassVar[ColourHandling]
    COLOUR_HANDLING_CONTENT_MATCH: _ClassVar[ColourHandling]
    COLOUR_HANDLING_CONTENT_MATCH_LAB: _ClassVar[ColourHandling]

class Detail(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    DETAIL_UNSPECIFIED: _ClassVar[Detail]
    DETAIL_FINE: _ClassVar[Detail]
    DETAIL_BALANCED: _ClassVar[Detail]
    DETAIL_COARSE: _ClassVar[Detail]
JOB_STATE_UNSPECIFIED: JobState
JOB_STATE_QUEUED: JobState
JOB_STATE_RUNNING: JobState
JOB_STATE_SUCCEEDED: JobState
JOB_STATE_FAILED: JobState
JOB_STATE_CANCELLED: JobState
PRIORITY_UNSPECIFIED: Priority
PRIORITY_INTERACTIVE: Priority
PRIORITY_NORMAL: Priority
PRIORITY_BATCH: Priority
DISCONNECT_POLICY_UNSPECIFIED: DisconnectPolicy
DISCONNECT_POLICY_CANCEL: DisconnectPolicy
DISCONNECT_POLICY_KEEP_RUNNING: DisconnectPolicy
OPTIMIZER_UNSPECIFIED: Optimizer
OPTIMIZER_LBFGS: Optimizer
OPTIMIZER_ADAM: Optimizer
START_UNSPECIFIED: Start
START_CONTENT: Start
START_NOISE: Start
COLOUR_HANDLING_UNSPECIFIED: ColourHandling
COLOUR_HANDLING_STYLE: ColourHandling
COLOUR_HANDLING_CONTENT_LUMINANCE: ColourHandling
COLOUR_HANDLING_CONTENT_MATCH: ColourHandling
COLOUR_HANDLING_CONTENT_MATCH_LAB: ColourHandling
DETAIL_UNSPECIFIED: Detail
DETAIL_FINE: Detail
DETAIL_BALANCED: Detail
DETAIL_COARSE: Detail

class StyleRef(_message.Message):
    __slots__ = ("image", "weight", "mask")
    IMAGE_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    image: _image_pb2.ImageRef
    weight: float
    mask: _image_pb2.ImageRef
    def __init__(self, image: _Optional[_Union[_image_pb2.ImageRef, _Mapping]] = ..., weight: _Optional[float] = ..., mask: _Optional[_Union[_image_pb2.ImageRef, _Mapping]] = ...) -> None: ...

class LayerWeight(_message.Message):
    __slots__ = ("layer", "weight")
    LAYER_FIELD_NUMBER: _ClassVar[int]
    WEIGHT_FIELD_NUMBER: _ClassVar[int]
    layer: str
    weight: float
    def __init__(self, layer: _Optional[str] = ..., weight: _Optional[float] = ...) -> None: ...

class StylizeSpec(_message.Message):
    __slots__ = ("content", "styles", "mask", "init", "steps", "content_weight", "style_weight", "total_variation_weight", "content_layers", "style_layers", "seed", "encoder", "size", "optimizer", "start", "stroke_size", "strength", "colour", "objective", "max_scales", "detail", "tileable", "keep", "colour_strength", "budget_s", "history")
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    STYLES_FIELD_NUMBER: _ClassVar[int]
    MASK_FIELD_NUMBER: _ClassVar[int]
    INIT_FIELD_NUMBER: _ClassVar[int]
    STEPS_FIELD_NUMBER: _ClassVar[int]
    CONTENT_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    STYLE_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    TOTAL_VARIATION_WEIGHT_FIELD_NUMBER: _ClassVar[int]
    CONTENT_LAYERS_FIELD_NUMBER: _ClassVar[int]
    STYLE_LAYERS_FIELD_NUMBER: _ClassVar[int]
    SEED_FIELD_NUMBER: _ClassVar[int]
    ENCODER_FIELD_NUMBER: _ClassVar[int]
    SIZE_FIELD_NUMBER: _ClassVar[int]
    OPTIMIZER_FIELD_NUMBER: _ClassVar[int]
    START_FIELD_NUMBER: _ClassVar[int]
    STROKE_SIZE_FIELD_NUMBER: _ClassVar[int]
    STRENGTH_FIELD_NUMBER: _ClassVar[int]
    COLOUR_FIELD_NUMBER: _ClassVar[int]
    OBJECTIVE_FIELD_NUMBER: _ClassVar[int]
    MAX_SCALES_FIELD_NUMBER: _ClassVar[int]
    DETAIL_FIELD_NUMBER: _ClassVar[int]
    TILEABLE_FIELD_NUMBER: _ClassVar[int]
    KEEP_FIELD_NUMBER: _ClassVar[int]
    COLOUR_STRENGTH_FIELD_NUMBER: _ClassVar[int]
    BUDGET_S_FIELD_NUMBER: _ClassVar[int]
    HISTORY_FIELD_NUMBER: _ClassVar[int]
    content: _image_pb2.ImageRef
    styles: _containers.RepeatedCompositeFieldContainer[StyleRef]
    mask: _image_pb2.ImageRef
    init: _image_pb2.ImageRef
    steps: int
    content_weight: float
    style_weight: float
    total_variation_weight: float
    content_layers: _containers.RepeatedCompositeFieldContainer[LayerWeight]
    style_layers: _containers.RepeatedCompositeFieldContainer[LayerWeight]
    seed: int
    encoder: str
    size: int
    optimizer: Optimizer
    start: Start
    stroke_size: float
    strength: float
    colour: ColourHandling
    objective: str
    max_scales: int
    detail: Detail
    tileable: bool
    keep: _image_pb2.ImageRef
    colour_strength: float
    budget_s: float
    history: int
    def __init__(self, content: _Optional[_Union[_image_pb2.ImageRef, _Mapping]] = ..., styles: _Optional[_Iterable[_Union[StyleRef, _Mapping]]] = ..., mask: _Optional[_Union[_image_pb2.ImageRef, _Mapping]] = ..., init: _Optional[_Union[_image_pb2.ImageRef, _Mapping]] = ..., steps: _Optional[int] = ..., content_weight: _Optional[float] = ..., style_weight: _Optional[float] = ..., total_variation_weight: _Optional[float] = ..., content_layers: _Optional[_Iterable[_Union[LayerWeight, _Mapping]]] = ..., style_layers: _Optional[_Iterable[_Union[LayerWeight, _Mapping]]] = ..., seed: _Optional[int] = ..., encoder: _Optional[str] = ..., size: _Optional[int] = ..., optimizer: _Optional[_Union[Optimizer, str]] = ..., start: _Optional[_Union[Start, str]] = ..., stroke_size: _Optional[float] = ..., strength: _Optional[float] = ..., colour: _Optional[_Union[ColourHandling, str]] = ..., objective: _Optional[str] = ..., max_scales: _Optional[int] = ..., detail: _Optional[_Union[Detail, str]] = ..., tileable: bool = ..., keep: _Optional[_Union[_image_pb2.ImageRef, _Mapping]] = ..., colour_strength: _Optional[float] = ..., budget_s: _Optional[float] = ..., history: _Optional[int] = ...) -> None: ...

class DeliveryOptions(_message.Message):
    __slots__ = ("max_preview_fps", "max_preview_edge", "on_disconnect", "send_result")
    MAX_PREVIEW_FPS_FIELD_NUMBER: _ClassVar[int]
    MAX_PREVIEW_EDGE_FIELD_NUMBER: _ClassVar[int]
    ON_DISCONNECT_FIELD_NUMBER: _ClassVar[int]
    SEND_RESULT_FIELD_NUMBER: _ClassVar[int]
    max_preview_fps: float
    max_preview_edge: int
    on_disconnect: DisconnectPolicy
    send_result: bool
    def __init__(self, max_preview_fps: _Optional[float] = ..., max_preview_edge: _Optional[int] = ..., on_disconnect: _Optional[_Union[DisconnectPolicy, str]] = ..., send_result: bool = ...) -> None: ...

class StylizeRequest(_message.Message):
    __slots__ = ("request_id", "spec", "priority", "delivery", "labels", "validate_only")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    SPEC_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    DELIVERY_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    VALIDATE_ONLY_FIELD_NUMBER: _ClassVar[int]
    request_id: str
    spec: StylizeSpec
    priority: Priority
    delivery: DeliveryOptions
    labels: _containers.ScalarMap[str, str]
    validate_only: bool
    def __init__(self, request_id: _Optional[str] = ..., spec: _Optional[_Union[StylizeSpec, _Mapping]] = ..., priority: _Optional[_Union[Priority, str]] = ..., delivery: _Optional[_Union[DeliveryOptions, _Mapping]] = ..., labels: _Optional[_Mapping[str, str]] = ..., validate_only: bool = ...) -> None: ...

class StylizeResponse(_message.Message):
    __slots__ = ("job", "preview", "result_header", "result_chunk")
    JOB_FIELD_NUMBER: _ClassVar[int]
    PREVIEW_FIELD_NUMBER: _ClassVar[int]
    RESULT_HEADER_FIELD_NUMBER: _ClassVar[int]
    RESULT_CHUNK_FIELD_NUMBER: _ClassVar[int]
    job: JobEvent
    preview: PreviewFrame
    result_header: _image_pb2.ImageHeader
    result_chunk: bytes
    def __init__(self, job: _Optional[_Union[JobEvent, _Mapping]] = ..., preview: _Optional[_Union[PreviewFrame, _Mapping]] = ..., result_header: _Optional[_Union[_image_pb2.ImageHeader, _Mapping]] = ..., result_chunk: _Optional[bytes] = ...) -> None: ...

class Job(_message.Message):
    __slots__ = ("name", "request_id", "state", "priority", "labels", "step", "total_steps", "queue_position", "time_left", "device", "encoder", "result", "error", "create_time", "start_time", "end_time", "attempt", "expire_time", "device_s")
    class LabelsEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: str
        def __init__(self, key: _Optional[str] = ..., value: _Optional[str] = ...) -> None: ...
    NAME_FIELD_NUMBER: _ClassVar[int]
    REQUEST_ID_FIELD_NUMBER: _ClassVar[int]
    STATE_FIELD_NUMBER: _ClassVar[int]
    PRIORITY_FIELD_NUMBER: _ClassVar[int]
    LABELS_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    TOTAL_STEPS_FIELD_NUMBER: _ClassVar[int]
    QUEUE_POSITION_FIELD_NUMBER: _ClassVar[int]
    TIME_LEFT_FIELD_NUMBER: _ClassVar[int]
    DEVICE_FIELD_NUMBER: _ClassVar[int]
    ENCODER_FIELD_NUMBER: _ClassVar[int]
    RESULT_FIELD_NUMBER: _ClassVar[int]
    ERROR_FIELD_NUMBER: _ClassVar[int]
    CREATE_TIME_FIELD_NUMBER: _ClassVar[int]
    START_TIME_FIELD_NUMBER: _ClassVar[int]
    END_TIME_FIELD_NUMBER: _ClassVar[int]
    ATTEMPT_FIELD_NUMBER: _ClassVar[int]
    EXPIRE_TIME_FIELD_NUMBER: _ClassVar[int]
    DEVICE_S_FIELD_NUMBER: _ClassVar[int]
    name: str
    request_id: str
    state: JobState
    priority: Priority
    labels: _containers.ScalarMap[str, str]
    step: int
    total_steps: int
    queue_position: int
    time_left: _duration_pb2.Duration
    device: str
    encoder: str
    result: JobResult
    error: _status_pb2.Status
    create_time: _timestamp_pb2.Timestamp
    start_time: _timestamp_pb2.Timestamp
    end_time: _timestamp_pb2.Timestamp
    attempt: int
    expire_time: _timestamp_pb2.Timestamp
    device_s: float
    def __init__(self, name: _Optional[str] = ..., request_id: _Optional[str] = ..., state: _Optional[_Union[JobState, str]] = ..., priority: _Optional[_Union[Priority, str]] = ..., labels: _Optional[_Mapping[str, str]] = ..., step: _Optional[int] = ..., total_steps: _Optional[int] = ..., queue_position: _Optional[int] = ..., time_left: _Optional[_Union[datetime.timedelta, _duration_pb2.Duration, _Mapping]] = ..., device: _Optional[str] = ..., encoder: _Optional[str] = ..., result: _Optional[_Union[JobResult, _Mapping]] = ..., error: _Optional[_Union[_status_pb2.Status, _Mapping]] = ..., create_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., start_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., end_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., attempt: _Optional[int] = ..., expire_time: _Optional[_Union[datetime.datetime, _timestamp_pb2.Timestamp, _Mapping]] = ..., device_s: _Optional[float] = ...) -> None: ...

class JobResult(_message.Message):
    __slots__ = ("blob", "header")
    BLOB_FIELD_NUMBER: _ClassVar[int]
    HEADER_FIELD_NUMBER: _ClassVar[int]
    blob: str
    header: _image_pb2.ImageHeader
    def __init__(self, blob: _Optional[str] = ..., header: _Optional[_Union[_image_pb2.ImageHeader, _Mapping]] = ...) -> None: ...

class JobEvent(_message.Message):
    __slots__ = ("sequence", "job", "losses", "notice")
    class LossesEntry(_message.Message):
        __slots__ = ("key", "value")
        KEY_FIELD_NUMBER: _ClassVar[int]
        VALUE_FIELD_NUMBER: _ClassVar[int]
        key: str
        value: float
        def __init__(self, key: _Optional[str] = ..., value: _Optional[float] = ...) -> None: ...
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    JOB_FIELD_NUMBER: _ClassVar[int]
    LOSSES_FIELD_NUMBER: _ClassVar[int]
    NOTICE_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    job: Job
    losses: _containers.ScalarMap[str, float]
    notice: str
    def __init__(self, sequence: _Optional[int] = ..., job: _Optional[_Union[Job, _Mapping]] = ..., losses: _Optional[_Mapping[str, float]] = ..., notice: _Optional[str] = ...) -> None: ...

class PreviewFrame(_message.Message):
    __slots__ = ("sequence", "step", "header", "samples")
    SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    STEP_FIELD_NUMBER: _ClassVar[int]
    HEADER_FIELD_NUMBER: _ClassVar[int]
    SAMPLES_FIELD_NUMBER: _ClassVar[int]
    sequence: int
    step: int
    header: _image_pb2.ImageHeader
    samples: bytes
    def __init__(self, sequence: _Optional[int] = ..., step: _Optional[int] = ..., header: _Optional[_Union[_image_pb2.ImageHeader, _Mapping]] = ..., samples: _Optional[bytes] = ...) -> None: ...

class CreateJobRequest(_message.Message):
    __slots__ = ("request",)
    REQUEST_FIELD_NUMBER: _ClassVar[int]
    request: StylizeRequest
    def __init__(self, request: _Optional[_Union[StylizeRequest, _Mapping]] = ...) -> None: ...

class CreateJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: Job
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ...) -> None: ...

class GetJobRequest(_message.Message):
    __slots__ = ("name",)
    NAME_FIELD_NUMBER: _ClassVar[int]
    name: str
    def __init__(self, name: _Optional[str] = ...) -> None: ...

class GetJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: Job
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ...) -> None: ...

class ListJobsRequest(_message.Message):
    __slots__ = ("page_size", "page_token")
    PAGE_SIZE_FIELD_NUMBER: _ClassVar[int]
    PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    page_size: int
    page_token: str
    def __init__(self, page_size: _Optional[int] = ..., page_token: _Optional[str] = ...) -> None: ...

class ListJobsResponse(_message.Message):
    __slots__ = ("jobs", "next_page_token")
    JOBS_FIELD_NUMBER: _ClassVar[int]
    NEXT_PAGE_TOKEN_FIELD_NUMBER: _ClassVar[int]
    jobs: _containers.RepeatedCompositeFieldContainer[Job]
    next_page_token: str
    def __init__(self, jobs: _Optional[_Iterable[_Union[Job, _Mapping]]] = ..., next_page_token: _Optional[str] = ...) -> None: ...

class WatchJobRequest(_message.Message):
    __slots__ = ("name", "last_sequence")
    NAME_FIELD_NUMBER: _ClassVar[int]
    LAST_SEQUENCE_FIELD_NUMBER: _ClassVar[int]
    name: str
    last_sequence: int
    def __init__(self, name: _Optional[str] = ..., last_sequence: _Optional[int] = ...) -> None: ...

class WatchJobResponse(_message.Message):
    __slots__ = ("event",)
    EVENT_FIELD_NUMBER: _ClassVar[int]
    event: JobEvent
    def __init__(self, event: _Optional[_Union[JobEvent, _Mapping]] = ...) -> None: ...

class GetPreviewRequest(_message.Message):
    __slots__ = ("name", "newer_than", "max_edge")
    NAME_FIELD_NUMBER: _ClassVar[int]
    NEWER_THAN_FIELD_NUMBER: _ClassVar[int]
    MAX_EDGE_FIELD_NUMBER: _ClassVar[int]
    name: str
    newer_than: int
    max_edge: int
    def __init__(self, name: _Optional[str] = ..., newer_than: _Optional[int] = ..., max_edge: _Optional[int] = ...) -> None: ...

class GetPreviewResponse(_message.Message):
    __slots__ = ("frame",)
    FRAME_FIELD_NUMBER: _ClassVar[int]
    frame: PreviewFrame
    def __init__(self, frame: _Optional[_Union[PreviewFrame, _Mapping]] = ...) -> None: ...

class CancelJobRequest(_message.Message):
    __slots__ = ("name", "keep_partial_result")
    NAME_FIELD_NUMBER: _ClassVar[int]
    KEEP_PARTIAL_RESULT_FIELD_NUMBER: _ClassVar[int]
    name: str
    keep_partial_result: bool
    def __init__(self, name: _Optional[str] = ..., keep_partial_result: bool = ...) -> None: ...

class CancelJobResponse(_message.Message):
    __slots__ = ("job",)
    JOB_FIELD_NUMBER: _ClassVar[int]
    job: Job
    def __init__(self, job: _Optional[_Union[Job, _Mapping]] = ...) -> None: ...
