#!/bin/sh
# The hook of a system bundle. RAUC runs it from the bundle, as root, while the version before is running:
# `install-check` before anything is written, `slot-post-install` when a slot was written.
set -eu

# What makes this machine this machine and lies on its root. A root that is read-only has them on the partition for data.
identity='etc/machine-id etc/hostname etc/ssh/ssh_host_ecdsa_key etc/ssh/ssh_host_ecdsa_key.pub
  etc/ssh/ssh_host_ed25519_key etc/ssh/ssh_host_ed25519_key.pub etc/ssh/ssh_host_rsa_key etc/ssh/ssh_host_rsa_key.pub'

case "$1" in
  install-check)
    # With this hook RAUC leaves the comparison to it. RAUC shows the last line of what is written to stderr.
    if [ "$RAUC_MF_COMPATIBLE" != "$RAUC_SYSTEM_COMPATIBLE" ]; then
      echo "this bundle is for $RAUC_MF_COMPATIBLE, this board is $RAUC_SYSTEM_COMPATIBLE" >&2
      exit 10
    fi
    ;;
  slot-post-install)
    # RAUC mounts a slot of type ext4 for this, and one of type raw not at all.
    if [ -z "${RAUC_SLOT_MOUNT_POINT-}" ]; then exit 0; fi
    from=${VIGIE_IDENTITY_FROM:-/}
    for file in $identity; do
      if [ ! -f "$from/$file" ]; then continue; fi
      mkdir -p "$RAUC_SLOT_MOUNT_POINT/$(dirname "$file")"
      cp -p "$from/$file" "$RAUC_SLOT_MOUNT_POINT/$file"
    done
    ;;
  *)
    echo "hook.sh: $1 is not known" >&2
    exit 1
    ;;
esac
