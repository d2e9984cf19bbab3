/* Only for the ratio "TLS ÷ plain": zhifud knows no plain listener for claims and shall have none, so the benchmark
 * links it once more (CMakeLists.txt, zhifud_plain) with http_server_new wrapped: the server gets no TLS context. */
#include "net/http_server.h"

int __real_http_server_new(const struct http_server_conf *conf, struct http_server **ret_server) MUSTUSE;
int __wrap_http_server_new(const struct http_server_conf *conf, struct http_server **ret_server) MUSTUSE;

int __wrap_http_server_new(const struct http_server_conf *conf, struct http_server **ret_server)
{
	struct http_server_conf plain = *conf;

	plain.tls = NULL;
	return __real_http_server_new(&plain, ret_server);
}
