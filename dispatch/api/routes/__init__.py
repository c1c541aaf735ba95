"""Endpoints, a module for each audience. `dispatch.api.app` names them all."""
