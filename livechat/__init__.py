"""livechat: a customer live chat that a shop can run by itself. `main` makes the application.

What the application is made of is imported where it is made, so that the command line, which does
without it, starts quickly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.router import Router

    from .settings import Settings


def main(_global_config: dict[str, str] | None, **ini: str) -> Router:
    """The smallest application around the include: what PasteDeploy and `livechat serve` call."""
    from pyramid.config import Configurator

    config = Configurator(settings=ini)
    config.include("livechat")
    return _make(config)


def application(settings: Settings) -> Router:
    """The application for settings that are read already."""
    from pyramid.config import Configurator

    config = Configurator()
    config.registry["livechat.settings"] = settings
    config.include("livechat")
    return _make(config)


def _make(config: Configurator) -> Router:
    """The application. What `add_request_method` has added is put into one class of requests: by itself Pyramid makes
    a class for each request, which Python looks up more slowly as well; that is a tenth of a message sent."""
    from pyramid.interfaces import IRequestExtensions
    from pyramid.request import Request

    config.commit()
    extensions = config.registry.getUtility(IRequestExtensions)
    added = {**extensions.descriptors, **extensions.methods}
    config.set_request_factory(type("Request", (Request,), added))
    extensions.descriptors.clear()
    extensions.methods.clear()
    return config.make_wsgi_app()


def includeme(config: Configurator) -> None:
    """Take the chat into a Pyramid application: ``config.include("livechat")``."""
    import pyramid_tm

    from .resources import root_factory
    from .settings import from_mapping

    registry: Any = config.registry
    if "livechat.settings" not in registry:
        registry["livechat.settings"] = from_mapping(config.get_settings())
    config.add_settings(
        {
            "tm.manager_hook": pyramid_tm.explicit_manager,
            "tm.annotate_user": False,  # asking who it is would read the database in every transaction
            "tm.commit_veto": pyramid_tm.default_commit_veto,  # an answer of 400 and up commits nothing
            "retry.attempts": 3,
            "retry.activate_hook": "livechat.web.request_body.attempts",
        }
    )
    config.set_root_factory(root_factory)
    # Requests that the database asks to repeat are repeated from the start.
    config.include("pyramid_retry")
    config.include("pyramid_tm")
    # Pages, and the words on them.
    config.include("pyramid_jinja2")
    config.add_translation_dirs("livechat:locale")
    # The server's language for everybody. Pyramid's own way lets clients name any, and remembers each for ever.
    config.set_locale_negotiator(lambda _request: None)
    # JSON in UTF-8, in answers and on pages.
    config.include(".web.json_renderer")
    # request.dbsession
    config.include(".db.session")
    # request.realtime: streams, and how processes tell each other.
    config.include(".realtime.service")
    # request.storage: where messages are stored.
    config.include(".conversation.storage")
    # What is remembered of the days that are over.
    config.include(".statistics.daily")
    # What the desk does by itself.
    config.include(".desk.auto_assignment")
    config.include(".realtime.duties")
    # Resume tickets that have expired.
    config.include(".accounts.resume_tickets")
    # When admins were last seen.
    config.include(".accounts.logins")
    # Who asks, request.identity, CSRF and Origin.
    config.include(".security")
    # Requests are read whole and checked before anything else happens.
    config.include(".web.request_body")
    # Polls without news are answered as they were a moment ago.
    config.include(".realtime.poll_cache")
    # Safe headers, CORS, compression.
    config.include(".web.headers")
    # How fast one may go.
    config.include(".web.rate_limits")
    config.include(".accounts.login_limits")
    # Strict paths, proven origins, and the permission nobody has.
    config.include(".web.derivers")
    # Style sheets, scripts and icons, with a fingerprint in the address.
    config.include(".web.assets")
    # Which of several answers an Accept header gets.
    config.include(".views.streaming")
    config.scan(".views")
