"""Calls that start work: tasks, jobs, builds, pipelines, commands, statements.

What is started is told by the parameter block of the target. The event itself goes along only where
the service has a place for it; otherwise an input, if the target has one, becomes parameters of the
call (fidelity 5.2). Which ones is documented for ECS, Batch and CodeBuild; for Systems
Manager and AppSync it follows from what their calls take (believed).
"""

from __future__ import annotations

from typing import Any

from simbridge.languages.transform import jsontext
from simbridge.targets.failures import Failure, failed
from simbridge.targets.sending import Request, Sending

__all__ = [
    "appsync_api",
    "assessment_template",
    "automation",
    "batch_queue",
    "codebuild_project",
    "codepipeline_pipeline",
    "ecs_cluster",
    "image_pipeline",
    "ops_item",
    "redshift",
    "run_command",
    "sagemaker_pipeline",
]

_TASK_STARTER_CHARS_MAX = 36  # Amazon ECS: RunTask, startedBy (believed to be cut there)


def ecs_cluster(sending: Sending) -> Request | Failure:
    """Tasks. Nothing of the event goes with them, but an input becomes their overrides."""
    block = dict(sending.block("EcsParameters", dynamic=True))
    definition = block.pop("TaskDefinitionArn")
    if not definition:
        return failed("no value", name="TaskDefinitionArn")
    request: Request = {
        "Action": "RunTask",
        "cluster": str(sending.target),
        "taskDefinition": definition,
        "count": block.pop("TaskCount", 1),
        **_lower_camel(block),
    }
    if sending.body is not None:
        overrides = sending.document
        if not isinstance(overrides, dict):
            return failed("no object", action="RunTask")
        request["overrides"] = overrides
    rule = sending.rule.resource.rpartition("/")[2]
    request["startedBy"] = f"events-rule/{rule}"[:_TASK_STARTER_CHARS_MAX]
    return request


def batch_queue(sending: Sending) -> Request | Failure:
    """A job. Three keys of the input become its parameters, whatever else there is does not."""
    block = sending.block("BatchParameters")
    given = sending.document
    if not isinstance(given, dict):
        return failed("no object", action="SubmitJob")
    request: Request = {
        "Action": "SubmitJob",
        "jobQueue": str(sending.target),
        "jobName": block["JobName"],
        "jobDefinition": block["JobDefinition"],
    }
    for name in ("ArrayProperties", "RetryStrategy"):
        if name in block:
            request |= _lower_camel({name: block[name]})
    for name in ("ContainerOverrides", "DependsOn"):
        if name in given:
            request |= _lower_camel({name: given[name]})
    if "Parameters" in given:
        request["parameters"] = given["Parameters"]
    return request


def codebuild_project(sending: Sending) -> Request | Failure:
    """A build; an input is the rest of its parameters."""
    return _with_input(sending, {"Action": "StartBuild", "projectName": sending.name})


def codepipeline_pipeline(sending: Sending) -> Request:
    """An execution; nothing of the event goes with it."""
    return {"Action": "StartPipelineExecution", "name": sending.name}


def run_command(sending: Sending) -> Request | Failure:
    """A command on instances; an input is the parameters of its document."""
    block = sending.block("RunCommandParameters")
    if not block:
        return failed("no block", name="RunCommandParameters")
    request: Request = {
        "Action": "SendCommand",
        "DocumentName": sending.name,
        "Targets": block["RunCommandTargets"],
    }
    return _with_parameters(sending, request)


def automation(sending: Sending) -> Request | Failure:
    """An execution of a runbook; an input is its parameters."""
    name, _, version = sending.name.partition(":")
    request: Request = {"Action": "StartAutomationExecution", "DocumentName": name}
    if version:
        request["DocumentVersion"] = version
    return _with_parameters(sending, request)


def ops_item(sending: Sending) -> Request | Failure:
    """An OpsItem. Title, source and description are the event's, unless an input names them."""
    given = {} if sending.body is None else sending.document
    if not isinstance(given, dict):
        return failed("no object", action="CreateOpsItem")
    request: Request = {
        "Action": "CreateOpsItem",
        "Title": sending.envelope["detail-type"],
        "Source": sending.envelope["source"],
        "Description": jsontext.emit(sending.envelope),
    }
    for name in ("title", "description", "source", "category", "severity", "priority"):
        if name in given:
            request[name.capitalize()] = given[name]
    data = given.get("operationalData")
    if isinstance(data, dict):
        request["OperationalData"] = data
    return request


def assessment_template(sending: Sending) -> Request:
    """An assessment run; nothing of the event goes with it."""
    return {"Action": "StartAssessmentRun", "assessmentTemplateArn": str(sending.target)}


def redshift(sending: Sending) -> Request | Failure:
    """A statement, or several, by the Data API."""
    block = sending.block("RedshiftDataParameters", dynamic=True)
    if not block:
        return failed("no block", name="RedshiftDataParameters")
    place = (
        "WorkgroupName" if sending.target.service == "redshift-serverless" else "ClusterIdentifier"
    )
    several = "Sqls" in block
    request: Request = {
        "Action": "BatchExecuteStatement" if several else "ExecuteStatement",
        place: sending.name,
    }
    for name, value in block.items():
        if value in ("", []):
            return failed("no value", name=name)
        request["SecretArn" if name == "SecretManagerArn" else name] = value
    return request


def sagemaker_pipeline(sending: Sending) -> Request:
    """An execution with the parameters of the target."""
    block = sending.block("SageMakerPipelineParameters", dynamic=True)
    return {
        "Action": "StartPipelineExecution",
        "PipelineName": sending.name,
        "PipelineParameters": block.get("PipelineParameterList") or [],
    }


def appsync_api(sending: Sending) -> Request | Failure:
    """A GraphQL operation; the input is its variables."""
    operation = sending.block("AppSyncParameters").get("GraphQLOperation")
    if not operation:
        return failed("no block", name="AppSyncParameters")
    variables = sending.document
    if not isinstance(variables, dict):
        return failed("no object", action="GraphQL")
    return {
        "Action": "GraphQL",
        "apiId": sending.target.resource.rpartition("/")[2],
        "query": operation,
        "variables": variables,
    }


def image_pipeline(sending: Sending) -> Request:
    """An execution; nothing of the event goes with it."""
    return {"Action": "StartImagePipelineExecution", "imagePipelineArn": str(sending.target)}


def _with_input(sending: Sending, request: Request) -> Request | Failure:
    if sending.body is None:
        return request
    given = sending.document
    if not isinstance(given, dict):
        return failed("no object", action=request["Action"])
    return request | given | request


def _with_parameters(sending: Sending, request: Request) -> Request | Failure:
    if sending.body is None:
        return request
    given = sending.document
    if not isinstance(given, dict):
        return failed("no object", action=request["Action"])
    return request | {"Parameters": given}


def _lower_camel(value: Any) -> Any:
    """The value with its keys in lower camel case, as the APIs of ECS and Batch have them."""
    if isinstance(value, dict):
        return {key[:1].lower() + key[1:]: _lower_camel(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [_lower_camel(inner) for inner in value]
    return value
