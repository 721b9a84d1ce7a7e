"""Test tokens written in Vyper, compiled and deployed on local chains."""
