"""The listener for binary frames of the processor: commits requests and answers them, without HTTP."""
