#!/bin/sh
# The hook of a system bundle. RAUC runs it from the bundle, as root, when a slot was written and before it may boot.
# There is no `install-check`: it would take the place of RAUC's own comparison of the board, which needs no help.
set -eu

# What makes this machine this machine and lies on its root. A root that is read-only has them on the partition for data.
identity='etc/machine-id etc/hostname etc/ssh/ssh_host_ecdsa_key etc/ssh/ssh_host_ecdsa_key.pub
  etc/ssh/ssh_host_ed25519_key etc/ssh/ssh_host_ed25519_key.pub etc/ssh/ssh_host_rsa_key etc/ssh/ssh_host_rsa_key.pub'

case "$1" in
  slot-post-install)
    # RAUC mounts a slot of type ext4 for this, and one of type raw not at all.
    if [ -z "${RAUC_SLOT_MOUNT_POINT-}" ]; then exit 0; fi
    # An image of another board in a bundle for this one. What is written to stderr is in RAUC's log.
    conf=$RAUC_SLOT_MOUNT_POINT/etc/rauc/system.conf
    if [ -f "$conf" ] && ! grep -qxF "compatible=$RAUC_SYSTEM_COMPATIBLE" "$conf"; then
      echo "the image is not one for $RAUC_SYSTEM_COMPATIBLE" >&2
      exit 10
    fi
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
