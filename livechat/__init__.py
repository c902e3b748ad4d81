"""livechat: a customer live chat that a shop can host itself. `main` makes the application.

The parts of the application are imported by the functions that need them, so that the command line starts quickly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pyramid.config import Configurator
    from pyramid.router import Router

    from .settings import Settings


def main(_global_config: dict[str, str] | None, **ini: str) -> Router:
    """Make the smallest application around the include. PasteDeploy and `livechat serve` call this."""
    from pyramid.config import Configurator

    config = Configurator(settings=ini)
    config.include("livechat")
    return _make(config)


def application(settings: Settings) -> Router:
    """Make the application from settings that have already been read."""
    from pyramid.config import Configurator

    config = Configurator()
    config.registry["livechat.settings"] = settings
    config.include("livechat")
    return _make(config)


def _make(config: Configurator) -> Router:
    """Make the application, with a single class of requests that has all that `add_request_method` has added.

    Pyramid would make a class for each request, on which Python also looks up attributes more slowly. That is a tenth
    of the time of a send.
    """
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
    """Include the chat in a Pyramid application: ``config.include("livechat")``."""
    import pyramid_tm

    from .resources import root_factory
    from .settings import from_mapping

    registry: Any = config.registry
    if "livechat.settings" not in registry:
        registry["livechat.settings"] = from_mapping(config.get_settings())
    config.add_settings(
        {
            "tm.manager_hook": pyramid_tm.explicit_manager,
            "tm.annotate_user": False,  # naming the user would read the database
            "tm.commit_veto": pyramid_tm.default_commit_veto,  # errors (400 and up) commit nothing
            "retry.attempts": 3,
            "retry.activate_hook": "livechat.web.request_body.attempts",
        }
    )
    config.set_root_factory(root_factory)
    # If the database asks for a retry, the request runs again from the start.
    config.include("pyramid_retry")
    config.include("pyramid_tm")
    # Pages, and their translations.
    config.include("pyramid_jinja2")
    config.add_translation_dirs("livechat:locale")
    # The server's language for everybody. By default Pyramid lets clients name any locale, and caches each for ever.
    config.set_locale_negotiator(lambda _request: None)
    # JSON in UTF-8, in responses and on pages.
    config.include(".web.json_renderer")
    # request.dbsession
    config.include(".db.session")
    # request.realtime: streams, and how processes tell each other.
    config.include(".realtime.service")
    # request.storage: where messages are stored.
    config.include(".conversation.storage")
    # Statistics of past days.
    config.include(".statistics.daily")
    # Automatic assignment, and background duties.
    config.include(".desk.auto_assignment")
    config.include(".realtime.sqlite_upkeep")
    # Cleaning up expired resume tickets.
    config.include(".accounts.resume_tickets")
    # Recording when admins were last seen.
    config.include(".accounts.logins")
    # request.identity, permissions, CSRF and Origin.
    config.include(".security")
    # Requests are read completely and checked before anything else happens.
    config.include(".web.request_body")
    # Repeated polls without news, answered from a cache.
    config.include(".realtime.poll_cache")
    # Safe headers, CORS, compression.
    config.include(".web.headers")
    # Rate limits.
    config.include(".web.rate_limits")
    config.include(".accounts.login_limits")
    # Strict paths, checked origins, and a default permission that nobody has.
    config.include(".web.derivers")
    # Style sheets, scripts and icons, with a fingerprint in their URL.
    config.include(".web.assets")
    # Which of several representations an Accept header gets.
    config.include(".views.streaming")
    config.scan(".views")
