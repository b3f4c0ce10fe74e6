#!/bin/sh
# RAUC runs this as its `post-install` handler, as root: the version that runs looks into the slot that was just written. When
# it finds something, the installation failed, and the slot is never made bootable.
set -eu

point=$(mktemp -d)
mounted=no
leave() {
  if [ "$mounted" = yes ]; then umount "$point"; fi
  rmdir "$point"
}
trap leave EXIT

for number in $RAUC_TARGET_SLOTS; do
  eval "device=\$RAUC_SLOT_DEVICE_$number class=\$RAUC_SLOT_CLASS_$number"
  if [ "$class" != rootfs ]; then continue; fi
  mount -o ro,nosuid,nodev,noexec "$device" "$point"
  mounted=yes
  node '@VIGIE@/dist/runtime/cli/main.js' ota system-check --tree '@TREE@' "$point" >&2
done
