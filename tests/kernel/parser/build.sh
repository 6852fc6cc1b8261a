#!/usr/bin/env bash
# build.sh NAME GITDIR REF: makes the SQL grammar of one release into bin/NAME, a program that reads statements, one a
# line, and prints `ok` or `1064` for each. It writes src/ and bin/ beside itself.
set -u
N=$1 G=$2 R=$3; rm -rf src/$N; mkdir -p src/$N
for p in src/sql/parser deps/oblib/src/lib/alloc deps/oblib/src/lib/utility deps/oblib/src/lib/charset deps/oblib/src/lib/hash_func deps/oblib/src/common/sql_mode deps/oblib/src/lib/ob_date_unit_type.h deps/oblib/src/lib/ob_define.h deps/oblib/src/lib/ob_abort.h deps/oblib/src/lib/oblog deps/oblib/src/lib/atomic deps/oblib/src deps/oblib/src/lib/time src/objit/include ':(glob)src/share/schema/ob_*priv_type.h' src/sql/ob_trans_character.h; do git --git-dir=$G archive $R -- "$p" 2>/dev/null | tar x -C src/$N 2>/dev/null; done
cd src/$N; P=src/sql/parser; mkdir -p src/sql/executor; touch src/sql/executor/ob_memory_tracker_wrapper.h
git --git-dir=$G show $R:CMakeLists.txt | grep -E 'VERSION [0-9]' | tail -1
python3 - <<'Y'
import re
p='src/sql/parser/sql_parser_mysql_mode.y'
L=open(p,errors='surrogateescape').read().split('\n')
for i,l in enumerate(L):
    if re.match(r'\s*\}\s*$',l):
        j=i-1
        while j>=0 and not L[j].strip(): j-=1
        t=L[j].rstrip()
        if t and t[-1] not in ';{}/\\' and not t.strip().startswith('//') and not t.strip().startswith('|'): L[j]=t+';'
s='\n'.join(L)
s=re.sub(r'is_for_remap_ = 1 \}','is_for_remap_ = 1; }',s)
s=re.sub(r'\{ (\$\$ = \$\d)\}',r'{ \1; }',s)
s=re.sub(r'^%destructor.*$','',s,flags=re.M)
open(p,'w',errors='surrogateescape').write(s)
Y
bison -d -Wno-all -Wno-error $P/sql_parser_mysql_mode.y -o $P/sql_parser_mysql_mode_tab.c 2>&1 | grep -v warning | tail -3
rm -f $P/*.output
( cd $P; flex -Cfa -B -8 -o ../../../src/sql/parser/sql_parser_mysql_mode_lex.c sql_parser_mysql_mode.l 2>&1 | tail -3
 bash ./gen_type_name.sh ../../../src/objit/include/objit/common/ob_item_type.h > type_name.c 2>/dev/null )
sed -i 's/^int obsql_mysql_yyparse.*$//' $P/sql_parser_mysql_mode_tab.h
sed -i -e 's/yylex (&yylval, &yylloc, result)/yylex(\&yylval,\&yylloc,result->yyscan_info_)/' -e 's/yylex (&yylval, &yylloc)/yylex(\&yylval,\&yylloc,result->yyscan_info_)/' $P/sql_parser_mysql_mode_tab.c
F="-std=gnu11 -w -O0 -DSQL_PARSER_COMPILATION -DOB_BUILD_OPENSOURCE -I. -Isrc -Ideps/oblib/src -Isrc/objit/include -Isrc/objit/include/objit/common -Ideps/oblib/src/common/sql_mode -Ideps/oblib/src/lib/charset -I$P"
for c in sql_parser_mysql_mode_tab.c sql_parser_mysql_mode_lex.c sql_parser_base.c parse_node.c non_reserved_keywords_mysql_mode.c ob_non_reserved_keywords.c type_name.c; do [ -f $P/$c ] && { gcc $F -c $P/$c -o ${c%.c}.o 2>&1 | grep -E 'error|fatal' | head -5 | sed "s/^/$c: /"; }; done
gcc $F -DCONN_COLL -c ../../shim.c -o shim.o 2>&1 | grep error || true; [ -f shim.o ] || gcc $F -DOLD -DCONN_COLL -c ../../shim.c -o shim.o 2>/dev/null || gcc $F -c ../../shim.c -o shim.o 2>&1 | grep error
mkdir -p ../../bin; gcc *.o -lm -Wl,--unresolved-symbols=ignore-all -o ../../bin/$N 2>&1 | tail -2; ls -la ../../bin/$N
