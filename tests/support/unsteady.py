"""A directory that fails on demand, before or after what was asked of it has happened."""

from __future__ import annotations

from directory.base import Directory


class Unsteady(Directory):
    """Passes everything on to a real directory, and raises what a test has put in `before` or `after` a method."""

    kind = "unsteady"

    def __init__(self, inner):
        super().__init__(inner.name)
        self.inner = inner
        self.capabilities = inner.capabilities
        self.before = {}
        self.after = {}
        self.calls = []
        self.passwords = []

    async def _pass(self, method, *args, **kwargs):
        self.calls.append(method)
        faults = self.before.get(method, [])
        if faults and (fault := faults.pop(0)) is not None:
            raise fault
        answer = await getattr(self.inner, method)(*args, **kwargs)
        faults = self.after.get(method, [])
        if faults and (fault := faults.pop(0)) is not None:
            raise fault
        return answer

    async def find(self, ident):
        return await self._pass("find", ident)

    async def fetch(self, ids):
        return await self._pass("fetch", ids)

    async def find_many(self, idents):
        return await self._pass("find_many", idents)

    async def pages(self, since=None):
        async for page in self.inner.pages(since):
            yield page

    async def set_password(self, account, password, *, must_change):
        self.passwords.append((account.id, password.reveal()))
        return await self._pass("set_password", account, password, must_change=must_change)

    async def check(self):
        return await self.inner.check()

    async def close(self):
        await self.inner.close()

    async def _must_change(self, account):
        await self._pass("must_change", account)

    async def _revoke_sessions(self, account):
        return await self._pass("revoke_sessions", account)

    async def _revoke_tokens(self, account):
        return await self._pass("revoke_tokens", account)

    async def _unlock(self, account):
        await self._pass("unlock", account)

    async def _groups(self, account):
        return await self._pass("groups", account)

    async def _manager(self, account):
        return await self._pass("manager", account)

    async def _find_groups(self, query, limit):
        return await self._pass("_find_groups", query, limit)

    async def _group(self, group_id):
        return await self._pass("_group", group_id)

    async def _place(self, name):
        return await self._pass("place", name)

    async def _inside(self, group, ids):
        return await self._pass("inside", group, ids)

    async def _members(self, group_id):
        async for ids in self.inner.members(group_id):
            yield ids

    async def _password_policy(self, account):
        return await self._pass("password_policy", account)

    async def _verified_domains(self):
        return await self._pass("verified_domains")

    async def _last_sign_in(self, account):
        return await self._pass("last_sign_in", account)

    async def _verify_password(self, account, password):
        return await self._pass("verify_password", account, password)
