#include "sql/parser/parse_malloc.h"
#include "sql/parser/parse_node.h"
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
void *parse_malloc(const size_t n, void *p) { return calloc(1, n + 64); }
void *parse_realloc(void *q, size_t n, void *p) { return realloc(q, n); }
void parse_free(void *p) {}
char *parse_strndup(const char *s, size_t n, void *p) {
  char *r = calloc(1, n + 1);
  memcpy(r, s, n);
  return r;
}
char *parse_strdup(const char *s, void *p, int64_t *o) {
  *o = strlen(s);
  return strdup(s);
}
char *parse_str_convert_utf8(const struct ObCharsetInfo *c, const char *s, void *p, int64_t *o, int *e) {
  *o = strlen(s);
  return strdup(s);
}
char *replace_invalid_character(const struct ObCharsetInfo *a, const struct ObCharsetInfo *b, const char *s,
                                int64_t *o, void *p, int *e) {
  return (char *)s;
}
void *parser_alloc(void *p, const int64_t n) { return calloc(1, n + 64); }
void *parser_alloc_buffer(void *p, const int64_t n) { return calloc(1, n + 64); }
void parser_free_buffer(void *p, void *b) {}
void *malloc_parentheses_info(const size_t n, void *p) { return calloc(1, n); }
#ifdef OLD
__asm__(".globl check_real_escape\ncheck_real_escape: mov $1,%eax\nret\n");
#else
bool check_real_escape(const struct ObCharsetInfo *cs, char *s, int64_t l, int64_t e) { return true; }
#endif
bool check_stack_overflow_c() { return false; }
int check_stack_overflow_in_c(int *o) {
  *o = 0;
  return 0;
}
void right_to_die_or_duty_to_live_c() {}
uint64_t murmurhash(const void *d, int32_t l, uint64_t h) {
  const unsigned char *c = d;
  for (int i = 0; i < l; i++)
    h = h * 1099511628211ull ^ c[i];
  return h;
}
long long ob_strntoll(const char *s, size_t l, int b, char **e, int *err) {
  char t[64] = {0};
  memcpy(t, s, l < 63 ? l : 63);
  *err = 0;
  long long r = strtoll(t, 0, b);
  if (e)
    *e = (char *)s + l;
  return r;
}
unsigned long long ob_strntoull(const char *s, size_t l, int b, char **e, int *err) {
  char t[64] = {0};
  memcpy(t, s, l < 63 ? l : 63);
  *err = 0;
  unsigned long long r = strtoull(t, 0, b);
  if (e)
    *e = (char *)s + l;
  return r;
}
extern const char *get_type_name(int type);
static void show(ParseNode *n, int d) {
  if (!n) {
    printf("%*s-\n", d, "");
    return;
  }
  printf("%*s%s%s%.*s\n", d, "", get_type_name(n->type_), n->str_len_ > 0 ? " " : "",
         (int)(n->str_len_ > 0 ? n->str_len_ : 0), n->str_value_ ? n->str_value_ : "");
  for (int i = 0; i < n->num_child_; i++)
    show(n->children_[i], d + 1);
}
int main(int c, char **v) {
  char *l = 0;
  size_t cap = 0;
  ssize_t n;
  int tree = c > 1;
  while ((n = getline(&l, &cap, stdin)) > 0) {
    while (n > 0 && (l[n - 1] == '\n' || l[n - 1] == '\r'))
      l[--n] = 0;
    if (!n || l[0] == '#')
      continue;
    ParseResult r;
    memset(&r, 0, sizeof r);
    int pool;
    r.malloc_pool_ = &pool;
    r.is_ignore_hint_ = false;
    r.need_parameterize_ = false;
    r.minus_ctx_.pos_ = -1;
    r.minus_ctx_.raw_sql_offset_ = -1;
#ifdef CONN_COLL
    r.connection_collation_ = 45;
#endif
    while (n > 0 && l[n - 1] == ';')
      l[--n] = 0;
    char *b = calloc(1, n + 64);
    memcpy(b, l, n);
    int e = parse_init(&r);
    if (!e)
      e = parse_sql(&r, b, n + (getenv("LENOFF") ? atoi(getenv("LENOFF")) : 1));
    ParseNode *t = r.result_tree_;
    const char *k = "?";
    if (!e && t) {
      ParseNode *s = t;
      if (s->num_child_ > 0 && s->children_[0])
        s = s->children_[0];
      k = get_type_name(s->type_);
    }
    if (!e && t)
      printf("ok   %-34s %s\n", k, l);
    else
      printf("1064 %-34s %s\n", r.error_msg_ && *r.error_msg_ ? r.error_msg_ : "syntax", l);
    if (tree && !e && t)
      show(t, 6);
  }
  return 0;
}
__attribute__((weak)) int easy_vsnprintf(char *b, size_t n, const char *f, __builtin_va_list a) {
  return vsnprintf(b, n, f, a);
}
__attribute__((weak)) int ob_backtrace_c(void **b, int n) { return 0; }
__attribute__((weak)) char *parray_c(char *b, long n, long *a, int s) { return b; }
__attribute__((weak)) int ob_parse_binary_simd() { return 0; }
