#!/bin/sh
# Writes the install manifests from the chart: generate.sh FOLDER GATEWAY_API_FOLDER
#
# FOLDER receives install.yaml and install-with-gateway-api.yaml; GATEWAY_API_FOLDER holds the standard channel of
# Gateway API (config/crd/standard of its Go module). $HELM is the helm to use, else the one of the PATH.
set -eu

here=$(CDPATH= cd "$(dirname "$0")" && pwd)
folder=$1
gateway_api=$2
namespace=aws-application-networking-system

chart() {
  # Nothing in a plain manifest may be random, so it comes without the webhook and its certificate.
  "${HELM:-helm}" template lattice-gateway "$here/../helm" \
    --namespace "$namespace" --kube-version 1.36.3 --include-crds --set webhookEnabled=false
}

install() {
  cat <<END
# lattice-gateway without Helm: CRDs, rights and Deployment. Written by deploy/generate.sh; the chart is what to edit.
# Set the image to yours before, and who you are in the Deployment's environment where EC2 metadata cannot be reached.
---
apiVersion: v1
kind: Namespace
metadata:
  name: $namespace
  labels:
    control-plane: gateway-api-controller
    pod-security.kubernetes.io/enforce: restricted
END
  printf '%s\n' "$rendered" |
    sed -e '/^ *helm.sh\/chart:/d' -e '/^ *app.kubernetes.io\/managed-by: Helm$/d' -e '/^# Source: /d'
}

gateway_api() {
  echo '# Gateway API, standard channel, as released by its project under the Apache License 2.0; then lattice-gateway.'
  for manifest in "$gateway_api"/*.yaml; do
    echo '---'
    cat "$manifest"
  done
}

rendered=$(chart)
install >"$folder/install.yaml"
{ gateway_api; cat "$folder/install.yaml"; } >"$folder/install-with-gateway-api.yaml"
