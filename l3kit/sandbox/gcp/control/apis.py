"""All APIs of one project, put together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

from l3kit.sandbox.gcp.control.accounts import Accounts
from l3kit.sandbox.gcp.control.alerts import Alerts
from l3kit.sandbox.gcp.control.buckets import Buckets
from l3kit.sandbox.gcp.control.build import Builder
from l3kit.sandbox.gcp.control.calls import Methods
from l3kit.sandbox.gcp.control.credentials import Credentials
from l3kit.sandbox.gcp.control.databases import Databases
from l3kit.sandbox.gcp.control.documents import Documents
from l3kit.sandbox.gcp.control.effects import Effects, Tokens
from l3kit.sandbox.gcp.control.functions import Functions
from l3kit.sandbox.gcp.control.iam import Policies, kind_of
from l3kit.sandbox.gcp.control.indexes import Indexes
from l3kit.sandbox.gcp.control.jobs import Jobs
from l3kit.sandbox.gcp.control.locations import Locations
from l3kit.sandbox.gcp.control.logs import Logs
from l3kit.sandbox.gcp.control.objects import Objects
from l3kit.sandbox.gcp.control.operations import Operations
from l3kit.sandbox.gcp.control.project import Project
from l3kit.sandbox.gcp.control.projects import Projects
from l3kit.sandbox.gcp.control.roles import Roles
from l3kit.sandbox.gcp.control.service_accounts import ServiceAccounts
from l3kit.sandbox.gcp.control.service_usage import ServiceUsage
from l3kit.sandbox.gcp.control.services import Services
from l3kit.sandbox.gcp.control.subscriptions import Subscriptions
from l3kit.sandbox.gcp.control.time_series import TimeSeries
from l3kit.sandbox.gcp.control.topics import Topics
from l3kit.sandbox.gcp.control.uploads import Uploads


@dataclass(slots=True)
class Apis:
    """The parts of a control plane that others ask, and the methods of all."""

    project: Project
    effects: Effects
    tokens: Tokens
    operations: Operations = field(init=False)
    accounts: Accounts = field(init=False)
    policies: Policies = field(init=False)
    usage: ServiceUsage = field(init=False)
    uploads: Uploads = field(init=False)
    functions: Functions = field(init=False)
    alerts: Alerts = field(init=False)
    _methods: Methods = field(init=False)

    def __post_init__(self) -> None:
        project, effects = self.project, self.effects
        self.operations = operations = Operations(project)
        self.accounts, roles = Accounts(project), Roles(project)
        self.policies = policies = Policies(project, self.accounts, roles)
        self.usage, self.uploads = ServiceUsage(project, operations), Uploads(project)
        self.accounts.enabled_since = self.usage.since
        accounts = ServiceAccounts(project, self.accounts, policies)
        services, topics = Services(project, policies, operations), Topics(project, effects, policies)
        databases = Databases(project, effects, operations)
        indexes = Indexes(project, databases)
        databases.at_end.append(indexes.drop)
        buckets = Buckets(project, effects, policies)
        policies.first_bindings = buckets.first_bindings
        builder = Builder(project, effects, policies, self.usage, buckets)
        self.functions = Functions(project, effects, operations, policies, accounts, services, self.uploads, builder)
        logs = Logs(project, effects)
        self.alerts = Alerts(project, lambda name: logs.metric(name) is not None)
        served = (
            Projects(project, policies),
            self.usage,
            accounts,
            roles,
            Credentials(project, self.accounts, self.tokens),
            databases,
            indexes,
            Documents(project, effects, databases),
            Locations(project),
            buckets,
            Objects(effects, buckets),
            self.functions,
            services,
            Jobs(project, effects, accounts),
            topics,
            Subscriptions(project, effects, policies, accounts, topics),
            logs,
            self.alerts,
            TimeSeries(project, effects, logs.metric),
        )
        self._methods = {name: method for one in served for name, method in one.methods().items()}

    def methods(self) -> Methods:
        """Return the methods that are served, by their ids."""
        return self._methods

    def begin(self, owners: Sequence[str]) -> None:
        """Give the project its first policy."""
        members = [kind_of(email) for email in owners]
        bindings = [(role, members) for role in self.project.settings.owner_roles] if owners else []
        if self.project.settings.former_build_rights:
            bindings.append(("roles/editor", [kind_of(self.project.default_account)]))
        self.policies.begin(self.project.name, bindings)
