"""The error of a request that was understood and cannot be done, as LSP 3.17 has it."""

from pygls.exceptions import JsonRpcException


class RequestFailedError(JsonRpcException):
    """`RequestFailed`. Its message is one line for people, who are shown it as it is."""

    CODE = -32803
