"""The pages, in Chinese: server-rendered, usable without JavaScript."""

from routes.web import admin, agent, figures, models, queues, sign, tickets
from routes.web.blueprint import blueprint

__all__ = ["admin", "agent", "blueprint", "figures", "models", "queues", "sign", "tickets"]
