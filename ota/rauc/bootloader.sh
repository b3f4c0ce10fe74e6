#!/bin/sh
# Between RAUC and the bootloader of a board: which slot boots, and how many starts a new version has left. RAUC calls it as
# `bootloader-custom-backend`; Vigie asks it for `show`. It never starts or writes a slot.
#
# Five variables, kept by the bootloader's own store (see `load` and `save`):
#   BOOT_ORDER       "A B" or "B A": the first that is good boots
#   BOOT_A_STATE     good or bad: a bad slot is never booted
#   BOOT_B_STATE
#   BOOT_TRIAL       A, B or none: the slot whose starts are counted
#   BOOT_TRIAL_LEFT  starts that are left, 0 to 3
#
# bootloader.conf beside this file names the store: STORE=file (FILE=...), STORE=uboot or STORE=grub (FILE=...).
set -eu

here=$(dirname "$(readlink -f "$0")")
. "$here/bootloader.conf"
tries=3

fail() {
  echo "bootloader.sh: $1" >&2
  exit 1
}

# A store that this user may not read is no store that is empty.
read_store() {
  case "$STORE" in
    file)
      if [ ! -x "$(dirname "$FILE")" ]; then fail "$FILE cannot be looked for"; fi
      if [ -e "$FILE" ]; then cat "$FILE"; fi
      ;;
    uboot)
      environment=$(fw_printenv) || fail 'the environment of U-Boot cannot be read'
      echo "$environment" | grep '^BOOT_' || true
      ;;
    grub) grub-editenv "$FILE" list ;;
    *) fail "STORE=$STORE is not known" ;;
  esac
}

# A variable that is not there has the value of a board that was just made: A boots, B holds nothing.
load() {
  order='A B' a=good b=bad trial=none left=0
  stored=$(read_store)
  while IFS='=' read -r name value; do
    case "$name=$value" in
      'BOOT_ORDER=A B' | 'BOOT_ORDER=B A') order=$value ;;
      BOOT_A_STATE=good | BOOT_A_STATE=bad) a=$value ;;
      BOOT_B_STATE=good | BOOT_B_STATE=bad) b=$value ;;
      BOOT_TRIAL=A | BOOT_TRIAL=B | BOOT_TRIAL=none) trial=$value ;;
      BOOT_TRIAL_LEFT=[0-3]) left=$value ;;
      BOOT_ORDER=* | BOOT_A_STATE=* | BOOT_B_STATE=* | BOOT_TRIAL=* | BOOT_TRIAL_LEFT=*)
        fail "$name has a value that this script never writes" ;;
    esac
  done <<END
$stored
END
}

lines() {
  echo "BOOT_ORDER=$order"
  echo "BOOT_A_STATE=$a"
  echo "BOOT_B_STATE=$b"
  echo "BOOT_TRIAL=$trial"
  echo "BOOT_TRIAL_LEFT=$left"
}

# All five at once: a cut leaves the old ones or the new ones.
save() {
  if [ "$(lines)" = "$stored" ]; then return; fi
  case "$STORE" in
    file)
      lines >"$FILE.new"
      sync "$FILE.new"
      mv "$FILE.new" "$FILE"
      sync "$(dirname "$FILE")"
      ;;
    uboot) lines | sed 's/=/ /' | fw_setenv --script - ;;
    grub)
      # grub-editenv writes in place: a copy is changed, and takes the place of the first
      cp "$FILE" "$FILE.new"
      grub-editenv "$FILE.new" set "BOOT_ORDER=$order" "BOOT_A_STATE=$a" "BOOT_B_STATE=$b" \
        "BOOT_TRIAL=$trial" "BOOT_TRIAL_LEFT=$left"
      sync "$FILE.new"
      mv "$FILE.new" "$FILE"
      sync "$(dirname "$FILE")"
      ;;
  esac
}

state_of() {
  case "$1" in A) echo "$a" ;; B) echo "$b" ;; esac
}

set_state() {
  case "$1" in A) a=$2 ;; B) b=$2 ;; esac
  if [ "$trial" = "$1" ]; then trial=none left=0; fi
}

primary() {
  for slot in $order; do
    if [ "$(state_of "$slot")" = good ]; then
      echo "$slot"
      return
    fi
  done
}

first_of() {
  case "$1" in A) echo 'A B' ;; B) echo 'B A' ;; esac
}

# RAUC names a slot as `bootname` in system.conf does.
case "${2-A}" in A | B) ;; *) fail "there is no slot $2" ;; esac
load
case "${1-}" in
  get-primary)
    primary
    ;;
  set-primary)
    # The slot that boots already, and is not on trial, stays as it is. Any other has all its tries again.
    if [ "$(primary)" != "$2" ] || [ "$trial" = "$2" ]; then
      set_state "$2" good
      order=$(first_of "$2") trial=$2 left=$tries
    fi
    save
    ;;
  get-state)
    state_of "$2"
    ;;
  set-state)
    case "$3" in good | bad) ;; *) fail "there is no state $3" ;; esac
    set_state "$2" "$3"
    save
    ;;
  show)
    lines
    ;;
  start)
    # What the bootloader itself does at each start of the board (boot.cmd, grub.cfg); here for a bench and for tests.
    if [ "$trial" != none ] && [ "$(primary)" = "$trial" ]; then
      if [ "$left" -eq 0 ]; then set_state "$trial" bad; else left=$((left - 1)); fi
      save
    fi
    primary
    ;;
  *)
    fail 'get-primary | set-primary SLOT | get-state SLOT | set-state SLOT good|bad | show | start'
    ;;
esac
