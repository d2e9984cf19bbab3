/* The reasons for which a request is refused. */
#include "net/http_bad.h"

static const struct {
	int status;
	const char *text;
} bads[HTTP_BADS] = {
	[HTTP_BAD_NONE] = {0, ""},
	[HTTP_BAD_MEMORY] = {503, "no memory for this request now"},
	[HTTP_BAD_METHOD] = {400, "the method is not a token"},
	[HTTP_BAD_METHOD_UNKNOWN] = {501, "the method is not known here"},
	[HTTP_BAD_REQUEST_LINE] = {400, "the request line is not method, target and version with one space between"},
	[HTTP_BAD_VERSION] = {400, "the request line does not end with an HTTP version"},
	[HTTP_BAD_VERSION_OTHER] = {505, "only HTTP/1.1 is spoken here"},
	[HTTP_BAD_TARGET_FORM] = {400, "the target has to begin with a slash"},
	[HTTP_BAD_TARGET_CHAR] = {400, "the target holds a character that has to be percent-encoded"},
	[HTTP_BAD_TARGET_PERCENT] = {400, "the target holds a percent-encoding that is broken or not allowed"},
	[HTTP_BAD_TARGET_DOTS] = {400, "the path holds a dot segment"},
	[HTTP_BAD_TARGET_LONG] = {414, "the target is too long"},
	[HTTP_BAD_HEAD_LONG] = {431, "the request's head is too long"},
	[HTTP_BAD_HEADER_COUNT] = {431, "too many header fields"},
	[HTTP_BAD_LINE_END] = {400, "a line does not end with CR LF"},
	[HTTP_BAD_CONTROL] = {400, "a control character in the request's head"},
	[HTTP_BAD_HEADER_NAME] = {400, "a header field's name is not a token"},
	[HTTP_BAD_HEADER_SPACE] = {400, "white space between a header field's name and its colon"},
	[HTTP_BAD_HEADER_FOLD] = {400, "a header field is continued on a second line"},
	[HTTP_BAD_HEADER_REPEATED] = {400, "a header field that may come once came twice"},
	[HTTP_BAD_HOST_MISSING] = {400, "the host header field is missing"},
	[HTTP_BAD_HOST] = {400, "the host header field is not a host with an optional port"},
	[HTTP_BAD_LENGTH] = {400, "content-length is not a number in range"},
	[HTTP_BAD_LENGTH_REPEATED] = {400, "content-length came twice"},
	[HTTP_BAD_LENGTH_AND_CODING] = {400, "content-length together with transfer-encoding"},
	[HTTP_BAD_CODING] = {501, "the only transfer-encoding known here is chunked"},
	[HTTP_BAD_BODY_UNEXPECTED] = {400, "this method takes no body"},
	[HTTP_BAD_EXPECT] = {417, "the only expectation known here is 100-continue"},
	[HTTP_BAD_CHUNK_SIZE] = {400, "a chunk's size is not a hexadecimal number in range"},
	[HTTP_BAD_CHUNK_EXTENSION] = {400, "chunk extensions are not taken"},
	[HTTP_BAD_CHUNK_END] = {400, "a chunk does not end where its size says"},
	[HTTP_BAD_TRAILER] = {400, "trailer fields are not taken"},
	[HTTP_BAD_BODY_LONG] = {413, "the body is too long"},
};

int http_bad_status(enum http_bad bad)
{
	assert(bad < HTTP_BADS);
	return bads[bad].status;
}

const char *http_bad_text(enum http_bad bad)
{
	assert(bad < HTTP_BADS);
	return bads[bad].text;
}
