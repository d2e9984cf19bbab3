/* Client certificates for many hospitals, signed by the authority that conf/pki made: conf/pki itself takes a tenth of
 * a second each. Writes FOLDER/client-N.pem (certificate and key) and prints the SHA-256 fingerprint of each.
 *
 *   bench_certs FOLDER-WITH-CA FOLDER COUNT */
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include "bench.h"

#define VALID_S (2L * 86400)

static FILE *file_open(const char *folder, const char *name, const char *mode)
{
	char path[4096];
	FILE *file;

	(void)snprintf(path, sizeof(path), "%s/%s", folder, name);
	file = fopen(path, mode);
	if (file == NULL) bench_fail("could not open \"%s\"", path);
	return file;
}

static void extension_add(X509 *cert, int nid, const char *value)
{
	X509_EXTENSION *extension = X509V3_EXT_conf_nid(NULL, NULL, nid, value);

	if (extension == NULL || X509_add_ext(cert, extension, -1) != 1) bench_fail("no extension \"%s\"", value);
	X509_EXTENSION_free(extension);
}

static void cert_make(const char *folder, unsigned number, X509 *ca, EVP_PKEY *ca_key)
{
	EVP_PKEY *key = EVP_EC_gen("P-256");
	X509 *cert = X509_new();
	unsigned char digest[32], name[64];
	unsigned len = sizeof(digest);
	FILE *file;

	(void)snprintf((char *)name, sizeof(name), "client-%u", number);
	if (key == NULL || cert == NULL || X509_set_version(cert, X509_VERSION_3) != 1 ||
		ASN1_INTEGER_set(X509_get_serialNumber(cert), 1000 + (long)number) != 1 ||
		X509_gmtime_adj(X509_getm_notBefore(cert), -3600) == NULL ||
		X509_gmtime_adj(X509_getm_notAfter(cert), VALID_S) == NULL || X509_set_pubkey(cert, key) != 1 ||
		X509_NAME_add_entry_by_txt(X509_get_subject_name(cert), "CN", MBSTRING_ASC, name, -1, -1, 0) != 1 ||
		X509_set_issuer_name(cert, X509_get_subject_name(ca)) != 1)
		bench_fail("no certificate");
	extension_add(cert, NID_basic_constraints, "critical,CA:FALSE");
	extension_add(cert, NID_key_usage, "critical,digitalSignature");
	extension_add(cert, NID_ext_key_usage, "clientAuth");
	if (X509_sign(cert, ca_key, EVP_sha256()) == 0 || X509_digest(cert, EVP_sha256(), digest, &len) != 1)
		bench_fail("could not sign");
	(void)snprintf((char *)name, sizeof(name), "client-%u.pem", number);
	file = file_open(folder, (const char *)name, "we");
	if (PEM_write_X509(file, cert) != 1 || PEM_write_PrivateKey(file, key, NULL, NULL, 0, NULL, NULL) != 1)
		bench_fail("could not write \"%s\"", (const char *)name);
	(void)fclose(file);
	for (unsigned i = 0; i < len; i++) (void)printf("%02x", digest[i]);
	(void)printf("\n");
	X509_free(cert);
	EVP_PKEY_free(key);
}

int main(int argc, char **argv)
{
	X509 *ca;
	EVP_PKEY *ca_key;
	FILE *file;
	long count;

	if (argc != 4) bench_fail("use: bench_certs FOLDER-WITH-CA FOLDER COUNT");
	count = bench_number("COUNT", argv[3], 1, 1000);
	file = file_open(argv[1], "ca.pem", "re");
	ca = PEM_read_X509(file, NULL, NULL, NULL);
	(void)fclose(file);
	file = file_open(argv[1], "ca.key", "re");
	ca_key = PEM_read_PrivateKey(file, NULL, NULL, NULL);
	(void)fclose(file);
	if (ca == NULL || ca_key == NULL) bench_fail("could not read the authority");
	for (unsigned i = 0; i < (unsigned)count; i++) cert_make(argv[2], i, ca, ca_key);
	X509_free(ca);
	EVP_PKEY_free(ca_key);
	return 0;
}
