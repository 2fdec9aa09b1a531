"""Amazon SageMaker: an execution of a pipeline is started."""

from __future__ import annotations

from simbridge.targets.sending import Request, Sending
from simbridge.targets.service import Example, Service, TargetKind

__all__ = ["SERVICE"]


def _start_execution(sending: Sending) -> Request:
    """An execution with the parameters of the target."""
    block = sending.block("SageMakerPipelineParameters", dynamic=True)
    return {
        "Action": "StartPipelineExecution",
        "PipelineName": sending.name,
        "PipelineParameters": block.get("PipelineParameterList") or [],
    }


SERVICE = Service(
    (
        TargetKind(
            "SageMaker pipeline",
            "sagemaker",
            "pipeline/NAME",
            "required",
            _start_execution,
            Example(
                "pipeline/forecast",
                {
                    "SageMakerPipelineParameters": {
                        "PipelineParameterList": [{"Name": "Order", "Value": "$.detail.order"}]
                    }
                },
            ),
            block="SageMakerPipelineParameters",
            default="nothing",
        ),
    )
)
