#!/bin/sh
# Every path that a README names exists.
#   paths.sh ROOT
# A path is a word in `backquotes` or a link that begins with a folder or file of the top, or that
# exists beside the README.  Words with a placeholder (DIR, RUN, NAME, <id>, *) are no paths, nor is
# what runs leave behind.
cd "$1" || exit 3
status=0
tops=$(ls -A | grep -vxE 'build.*|\.git' | sed 's/[.]/\\./g' | tr '\n' '|')
for readme in $(git ls-files 2>/dev/null | grep -E '(^|/)[^/]*\.md$' || find . -name '*.md'); do
    case $readme in results/runs/* | build*/*) continue ;; esac
    for word in $(grep -oE '`[^`]+`|\]\([^)#]+\)|src="[^"]+"' "$readme" |
        sed -E 's/^`|`$//g; s/^\]\(|\)$//g; s/^src="|"$//g' | tr ' ' '\n' | sort -u); do
        word=${word%[.,;:]}
        case $word in
        *[A-Z][A-Z]*/* | */[A-Z][A-Z][A-Z]* | *'<'* | *'*'* | *'{'* | http*) continue ;;
        build/* | ./build/* | results/runs/* | /*) continue ;;
        esac
        path=${word#./}
        echo "$path" | grep -qE "^(${tops%|})(/|$)" || continue
        case $path in */*) ;; *) [ -e "$path" ] || continue ;; esac
        [ -e "$path" ] || [ -e "$(dirname "$readme")/$path" ] || {
            echo "$readme names $word, which does not exist"
            status=1
        }
    done
done
exit $status
