#!/usr/bin/env bash
# The nightly job: build the pages, and keep one pull request with all that changed since the base
# branch. docs/nightly.md tells why it goes this way.
#
#   scripts/nightly.sh [resume] [build] [publish]    (no argument: all three)
#
# Only `resume` and `publish` need GH_TOKEN, and only `build` the registries' secrets, so that no
# step of a workflow has to hold both. Exit code: 0; 2 for a mistake in the catalog; 1 for the rest.
set -euo pipefail
shopt -s inherit_errexit

catalog=${CATALOG:-catalog.yaml}
content=${CONTENT:-content} # what may be taken over from the open branch: Hugo's folder of data
base=${GITHUB_REF_NAME:-$(git branch --show-current)}
branch=tagpages/$base
night=build/nightly # what the steps leave to each other

export GIT_AUTHOR_NAME="${GIT_AUTHOR_NAME:-github-actions[bot]}"
export GIT_AUTHOR_EMAIL="${GIT_AUTHOR_EMAIL:-41898282+github-actions[bot]@users.noreply.github.com}"
export GIT_COMMITTER_NAME="$GIT_AUTHOR_NAME" GIT_COMMITTER_EMAIL="$GIT_AUTHOR_EMAIL"

# Put the work tree where last night ended, if its pull request is still open: the content files
# that the branch has changed, except those that the base branch has changed since.
resume() {
  rm -rf "$night"
  mkdir -p "$night"
  local tip number fork
  tip=$(remote ls-remote origin "refs/heads/$branch" | cut -f 1)
  echo "$tip" >"$night/tip"
  number=$(open_pull)
  if [[ -z $tip || -z $number ]]; then
    echo "starting from $base: no pull request is open"
    return
  fi
  remote fetch --quiet origin "$tip"
  fork=$(git merge-base HEAD "$tip")
  changed "$fork" "$tip" >"$night/theirs"
  changed "$fork" HEAD >"$night/ours"
  LC_ALL=C comm -z -23 "$night/theirs" "$night/ours" >"$night/carried"
  if [[ -s $night/carried ]]; then
    git --literal-pathspecs restore --source="$tip" --worktree \
      --pathspec-from-file="$night/carried" --pathspec-file-nul
  fi
  touch "$night/resumed"
  echo "going on from last night: #$number is open"
}

# Run tagpages. Exit code 1 with a report is a night with a warning, without one it is no night.
build() {
  mkdir -p "$night"
  rm -f "$night"/report.* "$night/status"
  local name status=0
  local -a names arguments=(--catalog "$catalog")
  read -r -a names <<<"${ACCEPT_LOSS:-}"
  for name in "${names[@]}"; do
    arguments+=("--accept-loss=$name")
  done
  tagpages build "${arguments[@]}" --report "$night/report.md" --report "$night/report.json" ||
    status=$?
  if ((status > 1)) || [[ ! -s $night/report.json ]]; then
    echo "::error title=Nightly::the build stopped, and nothing is published; its log says why"
    exit $((status > 1 ? status : 1))
  fi
  if ((status == 1)); then
    echo "::warning title=Nightly::something failed or was held back; the summary says what"
  fi
  echo "$status" >"$night/status"
}

# Commit the two lanes on top of the base branch, and bring branch and pull request up to date.
# HEAD, index and work tree stay as they are.
publish() {
  local tip title number head
  tip=$(<"$night/tip")
  title=$(sed -n '1s/^# //p' "$night/report.md")
  export GIT_INDEX_FILE=$night/index
  git read-tree HEAD
  head=$(commit_lane HEAD routine "$title: routine")
  head=$(commit_lane "$head" look "$title: needs a look")
  unset GIT_INDEX_FILE
  number=$(open_pull)
  if is_same HEAD "$head"; then
    echo "nothing differs from $base"
    [[ -z $number ]] || close_pull "$number"
    return
  fi
  if [[ -z $tip ]] || ! is_same "$tip" "$head"; then
    push "$tip" "$head"
  fi
  body >"$night/body.md"
  if (($(<"$night/status") == 1)); then
    title+=" (something failed or was held back)"
  fi
  write_pull "$number" "$title"
}

# Print the content files in which two commits differ, NUL-separated and sorted.
changed() {
  git diff --relative --no-renames --name-only -z "$1" "$2" -- "$content" | LC_ALL=C sort -z
}

# Whether two commits differ in nothing but the time of the build, how much the sources showed in
# the nights of the week, and since when they answer the same.
is_same() {
  git diff --quiet --ignore-matching-lines='^  "as_of": ' \
    --ignore-matching-lines='^    "[0-9]{4}-[0-9]{2}-[0-9]{2}": ' \
    --ignore-matching-lines='^    "[^"]+": [{]"since":' "$1" "$2"
}

# Print a commit of the lane on top of the parent, or the parent if nothing is in the lane.
commit_lane() {
  local parent lane=$2 message=$3 tree
  parent=$(git rev-parse "$1")
  tagpages lanes --catalog "$catalog" -z "$lane" |
    git update-index --add --remove -z --stdin
  tree=$(git write-tree)
  if [[ $tree == "$(git rev-parse "$parent^{tree}")" ]]; then
    echo "$parent"
  else
    git commit-tree "$tree" -p "$parent" -m "$message"
  fi
}

# Replace the branch, if it still is where `resume` found it (empty: nowhere).
push() {
  local tip=$1 head=$2
  if ! remote push --quiet --force-with-lease="refs/heads/$branch:$tip" origin \
    "$head:refs/heads/$branch"; then
    echo "::error title=Nightly::cannot push $branch; if somebody pushed to it during the build," \
      "nothing of theirs is lost: the next night goes on from there"
    exit 1
  fi
}

# Print the pull request's text. `tagpages report` tells all that changed since the base branch,
# the build's own report only what changed since the state that it started from.
body() {
  if (($(<"$night/status") == 1)); then
    echo '> [!WARNING]'
    echo '> Something failed or was held back this night. Its pages stay as they were;' \
      'everything else is up to date.'
    echo
  fi
  if [[ -n ${GITHUB_RUN_ID:-} ]]; then
    echo "This night alone, with the reasons:" \
      "[summary of the run]($GITHUB_SERVER_URL/$GITHUB_REPOSITORY/actions/runs/$GITHUB_RUN_ID)."
    echo
  fi
  if [[ -e $night/resumed ]]; then
    tagpages report --catalog "$catalog" --format md
  else
    cat "$night/report.md"
  fi
}

# The hosting service. Its REST interface, because `gh pr edit` asks for more than the permission
# `pull-requests: write` (github.com/cli/cli/issues/6274).

# Print the number of the open pull request from our branch (not from a fork's), if there is one.
open_pull() {
  gh api --method GET 'repos/{owner}/{repo}/pulls' -f state=open -f base="$base" \
    -F head="{owner}:$branch" --jq '.[0].number // empty'
}

write_pull() {
  local number=$1 title=$2
  local -a call=(--method POST 'repos/{owner}/{repo}/pulls' -f "head=$branch" -f "base=$base")
  if [[ -n $number ]]; then
    call=(--method PATCH "repos/{owner}/{repo}/pulls/$number")
  fi
  gh api "${call[@]}" -f "title=$title" -F "body=@$night/body.md" --jq .html_url
}

close_pull() {
  gh api --method PATCH "repos/{owner}/{repo}/pulls/$1" -f state=closed \
    -f body="Nothing is left to merge: the pages of $base are up to date." --jq .html_url
}

# git with the token of GH_TOKEN, which then is in no file and on no command line.
remote() {
  git -c credential.helper= -c credential.helper='!gh auth git-credential' "$@"
}

if (($# == 0)); then
  set -- resume build publish
fi
for step; do
  case $step in
    resume | build | publish) "$step" ;;
    *)
      echo "usage: scripts/nightly.sh [resume] [build] [publish]" >&2
      exit 2
      ;;
  esac
done
