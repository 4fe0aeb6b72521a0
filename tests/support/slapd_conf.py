"""What our throw-away slapd is told: its configuration, a schema of ours, and the tree that it begins with."""

from __future__ import annotations

from pathlib import Path

SCHEMA = Path("/etc/ldap/schema")
BASE = "dc=example,dc=test"
PEOPLE = f"ou=people,{BASE}"
GROUPS = f"ou=groups,{BASE}"
POLICIES = f"ou=policies,{BASE}"
DEFAULT_POLICY = f"cn=default,{POLICIES}"
ROOT = f"cn=root,{BASE}"
ROOT_PASSWORD = "root-Secret1"
SERVICE = f"uid=rekey,ou=services,{BASE}"
SERVICE_PASSWORD = "service-Secret1"

CONF = """
include {schema}/core.schema
include {schema}/cosine.schema
include {schema}/inetorgperson.schema
include {folder}/rekey.schema
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload ppolicy
moduleload memberof
sizelimit 500
threads 4
TLSCACertificateFile {authority.ca}
TLSCertificateFile {authority.cert}
TLSCertificateKeyFile {authority.key}
# no password in clear: a simple bind and any change need TLS
security simple_bind=128 update_tls=128

database mdb
suffix "{base}"
rootdn "{root}"
rootpw {root_password}
directory {folder}/db
maxsize 4294967296
envflags nosync
lastbind on
index objectClass,entryUUID,entryCSN,member,memberOf eq
index uid,mail,cn,sn,givenName eq,subinitial
limits dn.exact="{service}" size.soft={most} size.hard={most} size.prtotal={most}
overlay memberof
overlay ppolicy
ppolicy_default "{default_policy}"
ppolicy_hash_cleartext
ppolicy_use_lockout
{extra}

# Nobody resets those who administer the directory.
access to dn.subtree="ou=admins,{base}" attrs=userPassword,pwdReset,pwdAccountLockedTime
  by self =wx by anonymous auth by * none
# Write-only on passwords: hashes stay unreadable and the policy stays in force. "manage" would bypass the policy.
access to dn.subtree="{people}" attrs=userPassword
  by dn.exact="{service}" {right} by self =wx by anonymous auth by * none
access to dn.subtree="{people}" attrs=pwdReset,pwdAccountLockedTime
  by dn.exact="{service}" {state_right} by self read by * none
access to attrs=userPassword,pwdHistory by self =wx by anonymous auth by * none
access to dn.base="" by * read
access to dn.subtree="ou=services,{base}" by self read by anonymous auth by * none
access to dn.subtree="{policies}" by users read
access to * by dn.exact="{service}" read by self read by * none
"""

RECOVERY_SCHEMA = """
attributetype ( 1.3.6.1.4.1.99999.1.1 NAME 'recoveryMail' EQUALITY caseIgnoreIA5Match
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.26{256} )
attributetype ( 1.3.6.1.4.1.99999.1.2 NAME 'slackUser' EQUALITY caseExactMatch
  SYNTAX 1.3.6.1.4.1.1466.115.121.1.15{64} SINGLE-VALUE )
objectclass ( 1.3.6.1.4.1.99999.2.1 NAME 'rekeyPerson' SUP top AUXILIARY MAY ( recoveryMail $ slackUser ) )
"""

TREE = f"""dn: {BASE}
objectClass: dcObject
objectClass: organization
o: Example
dc: example

{{units}}
dn: {SERVICE}
objectClass: account
objectClass: simpleSecurityObject
uid: rekey
userPassword: {SERVICE_PASSWORD}
pwdPolicySubentry: cn=service,{POLICIES}

dn: cn=service,{POLICIES}
objectClass: organizationalRole
objectClass: pwdPolicy
cn: service
pwdAttribute: userPassword

dn: {DEFAULT_POLICY}
objectClass: organizationalRole
objectClass: pwdPolicy
cn: default
pwdAttribute: userPassword
pwdInHistory: 5
pwdMinLength: 10
pwdCheckQuality: 2
pwdMustChange: TRUE
pwdLockout: TRUE
pwdMaxFailure: 5
pwdLockoutDuration: 0
pwdAllowUserChange: TRUE
pwdSafeModify: FALSE
"""
