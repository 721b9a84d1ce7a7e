"""The door: parses a request, starts or asks a workflow, answers; decides nothing, holds no wallet key."""
