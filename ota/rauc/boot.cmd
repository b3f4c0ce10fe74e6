# U-Boot, hush shell: `mkimage -T script -C none -d boot.cmd boot.scr`. The same as `bootloader.sh start`. NOT RUN ON HARDWARE.
# Needs: the environment stored twice (CONFIG_SYS_REDUNDAND_ENVIRONMENT), so that a cut while saving leaves one of the two.
# Set by whoever makes the board: vigie_load_A and vigie_load_B, which load kernel and device tree of a slot; vigie_root_A and
# vigie_root_B, e.g. root=PARTUUID=...; vigie_go, e.g. bootz ${kernel_addr_r} - ${fdt_addr_r}.
test -n "${BOOT_ORDER}" || setenv BOOT_ORDER "A B"
test -n "${BOOT_A_STATE}" || setenv BOOT_A_STATE good
test -n "${BOOT_B_STATE}" || setenv BOOT_B_STATE bad
test -n "${BOOT_TRIAL}" || setenv BOOT_TRIAL none

setenv vigie_slot
for slot in ${BOOT_ORDER}; do
  if test -z "${vigie_slot}"; then
    setenv vigie_state bad
    if test "${slot}" = A; then setenv vigie_state "${BOOT_A_STATE}"; fi
    if test "${slot}" = B; then setenv vigie_state "${BOOT_B_STATE}"; fi
    if test "${vigie_state}" = good; then
      if test "${BOOT_TRIAL}" = "${slot}"; then
        if test "${BOOT_TRIAL_LEFT}" = 0; then
          setenv BOOT_${slot}_STATE bad
          setenv BOOT_TRIAL none
        else
          setexpr BOOT_TRIAL_LEFT ${BOOT_TRIAL_LEFT} - 1
          setenv vigie_slot ${slot}
        fi
        saveenv
      else
        setenv vigie_slot ${slot}
      fi
    fi
  fi
done

if test "${vigie_slot}" = A; then run vigie_load_A; setenv bootargs "${bootargs} ${vigie_root_A} rauc.slot=A panic=10"; fi
if test "${vigie_slot}" = B; then run vigie_load_B; setenv bootargs "${bootargs} ${vigie_root_B} rauc.slot=B panic=10"; fi
run vigie_go
reset
