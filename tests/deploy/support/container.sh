#!/bin/sh
# Runs a command as a container of docker-compose.yml would: in a root of its own in which nothing can be written but /data
# and /tmp, at the image's own paths, as its user, who may do nothing special. As root, under `unshare --mount`.
# usage: container.sh IMAGE NODE DATA SECRETS TOWN COMMAND…
set -eu
image="$1" node="$2" data="$3" secrets="$4" town="$5"
shift 5

# A folder of the caller's that is there in any case; what is mounted here nobody else sees.
root=/mnt
mount -t tmpfs -o mode=755 tmpfs "$root"
cd "$root"
mkdir -p usr etc proc dev tmp opt/townpulse opt/node opt/bin data secrets town
for link in bin sbin lib lib64; do [ -L "/$link" ] && ln -s "usr/$link" "$link"; done
ln -s /opt/townpulse/dist/src/cli/main.js opt/bin/townpulse
bind() {
  mount --bind "$1" "$root/$2"
  [ "${3:-ro}" = rw ] || mount -o remount,bind,ro "$root/$2"
}
bind /usr usr
bind /etc etc
mount --rbind /proc proc
mount --rbind /dev dev
bind "$image" opt/townpulse
bind "$node" opt/node
bind "$secrets" secrets
bind "$town" town
bind "$data" data rw
mount -t tmpfs -o mode=1777 tmpfs tmp
mount -o remount,ro "$root"

cd "$root/opt/townpulse"
PATH=/opt/node:/opt/bin:/usr/bin:/bin:/usr/sbin
HOME=/home/node
export PATH HOME
exec chroot "$root" setpriv --reuid 1000 --regid 1000 --clear-groups --bounding-set=-all --inh-caps=-all --no-new-privs \
  /bin/sh -c 'cd /opt/townpulse && exec "$@"' sh "$@"
