import java.io.FileOutputStream;
import java.math.BigInteger;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyFactory;
import java.security.PrivateKey;
import java.security.PublicKey;
import java.security.Security;
import java.security.spec.PKCS8EncodedKeySpec;
import java.util.Base64;
import java.util.Date;

import org.bouncycastle.asn1.ASN1OctetString;
import org.bouncycastle.asn1.DERNull;
import org.bouncycastle.asn1.DEROctetString;
import org.bouncycastle.asn1.cmp.CMPObjectIdentifiers;
import org.bouncycastle.asn1.cmp.InfoTypeAndValue;
import org.bouncycastle.asn1.cmp.PBMParameter;
import org.bouncycastle.asn1.cmp.PKIBody;
import org.bouncycastle.asn1.crmf.CertReqMessages;
import org.bouncycastle.asn1.x500.X500Name;
import org.bouncycastle.asn1.x509.GeneralName;
import org.bouncycastle.asn1.x509.SubjectPublicKeyInfo;
import org.bouncycastle.asn1.nist.NISTObjectIdentifiers;
import org.bouncycastle.asn1.pkcs.PKCSObjectIdentifiers;
import org.bouncycastle.asn1.x509.AlgorithmIdentifier;
import org.bouncycastle.cert.X509CertificateHolder;
import org.bouncycastle.cert.cmp.ProtectedPKIMessageBuilder;
import org.bouncycastle.cert.crmf.CertificateRequestMessage;
import org.bouncycastle.cert.crmf.PKMACBuilder;
import org.bouncycastle.cert.crmf.jcajce.JcaCertificateRequestMessageBuilder;
import org.bouncycastle.cert.crmf.jcajce.JcePKMACValuesCalculator;
import org.bouncycastle.jce.provider.BouncyCastleProvider;
import org.bouncycastle.operator.MacCalculator;
import org.bouncycastle.operator.jcajce.JcaContentSignerBuilder;
import org.bouncycastle.pkcs.jcajce.JcaPKCS10CertificationRequestBuilder;
import org.bouncycastle.pkcs.jcajce.JcePBMac1CalculatorBuilder;

/** CMP messages as Bouncy Castle builds them: an encoder that is neither ours nor OpenSSL's. */
public class BouncyCastle {
    static final byte[] TID = range(0x10), NONCE = range(0x20);
    static final Date NOW = new Date(1780272000L * 1000);
    static final char[] SECRET = "correct horse battery".toCharArray();
    static final GeneralName NOBODY = new GeneralName(
                    new X500Name(new org.bouncycastle.asn1.x500.RDN[0])),
            GATEWAY = new GeneralName(new X500Name("CN=Gateway"));

    static byte[] range(int from) {
        byte[] out = new byte[16];
        for (int i = 0; i < 16; i++)
            out[i] = (byte) (from + i);
        return out;
    }

    static X509CertificateHolder certificate(String path) throws Exception {
        return new X509CertificateHolder(Files.readAllBytes(Path.of(path)));
    }

    static PrivateKey key(String path, String algorithm) throws Exception {
        String pem = Files.readString(Path.of(path)).replaceAll("-----[A-Z ]+-----", "");
        byte[] der = Base64.getMimeDecoder().decode(pem);
        return KeyFactory.getInstance(algorithm, "BC").generatePrivate(new PKCS8EncodedKeySpec(der));
    }

    static PublicKey publicKey(X509CertificateHolder holder, String algorithm) throws Exception {
        return KeyFactory.getInstance(algorithm, "BC").generatePublic(
                new java.security.spec.X509EncodedKeySpec(
                        holder.getSubjectPublicKeyInfo().getEncoded()));
    }

    static PKIBody request(int type) throws Exception {
        PrivateKey key = key("new.key", "EC");
        CertificateRequestMessage message = new JcaCertificateRequestMessageBuilder(BigInteger.ZERO)
                .setPublicKey(publicKey(certificate("issued.der"), "EC"))
                .setSubject(new X500Name("O=Example,CN=device"))
                .setProofOfPossessionSigningKeySigner(
                        new JcaContentSignerBuilder("SHA256withECDSA").setProvider("BC").build(key))
                .build();
        return new PKIBody(type, new CertReqMessages(message.toASN1Structure()));
    }

    static PKIBody pkcs10() throws Exception {
        PrivateKey key = key("new.key", "EC");
        return new PKIBody(PKIBody.TYPE_P10_CERT_REQ, new JcaPKCS10CertificationRequestBuilder(
                new X500Name("O=Example,CN=device"), publicKey(certificate("issued.der"), "EC"))
                .build(new JcaContentSignerBuilder("SHA256withECDSA").setProvider("BC").build(key))
                .toASN1Structure());
    }

    static ProtectedPKIMessageBuilder start(GeneralName sender, PKIBody body) {
        return new ProtectedPKIMessageBuilder(sender, GATEWAY).setBody(body).setMessageTime(NOW)
                .setTransactionID(TID).setSenderNonce(NONCE);
    }

    static void byMac(String name, PKIBody body, MacCalculator mac) throws Exception {
        write(name, start(NOBODY, body).setSenderKID("mast-17".getBytes())
                .addGeneralInfo(new InfoTypeAndValue(CMPObjectIdentifiers.it_implicitConfirm,
                        DERNull.INSTANCE))
                .build(mac).toASN1Structure().getEncoded("DER"));
    }

    static void signed(String name, PKIBody body, String who, String algorithm, String signature)
            throws Exception {
        X509CertificateHolder holder = certificate("../pkix/" + who + ".der");
        byte[] kid = ASN1OctetString.getInstance(holder.getExtension(
                org.bouncycastle.asn1.x509.Extension.subjectKeyIdentifier).getParsedValue())
                .getOctets();
        write(name, start(new GeneralName(holder.getSubject()), body).setSenderKID(kid)
                .addCMPCertificate(holder).addCMPCertificate(certificate("../pkix/inter.der"))
                .build(new JcaContentSignerBuilder(signature).setProvider("BC")
                        .build(key("../pkix/" + who + ".key", algorithm)))
                .toASN1Structure().getEncoded("DER"));
    }

    static void write(String name, byte[] der) throws Exception {
        try (FileOutputStream out = new FileOutputStream(name + ".der")) {
            out.write(der);
        }
    }

    static MacCalculator pbm(AlgorithmIdentifier owf, AlgorithmIdentifier mac, int rounds)
            throws Exception {
        return new PKMACBuilder(new JcePKMACValuesCalculator().setProvider("BC"))
                .setParameters(new PBMParameter(range(0x40), owf, rounds, mac)).build(SECRET);
    }

    public static void main(String[] arguments) throws Exception {
        Security.addProvider(new BouncyCastleProvider());
        AlgorithmIdentifier sha256 = new AlgorithmIdentifier(NISTObjectIdentifiers.id_sha256);
        AlgorithmIdentifier hmac256 =
                new AlgorithmIdentifier(PKCSObjectIdentifiers.id_hmacWithSHA256, DERNull.INSTANCE);
        byMac("bc-ir-pbm", request(PKIBody.TYPE_INIT_REQ), pbm(sha256, hmac256, 1000));
        byMac("bc-ir-pbm-sha1", request(PKIBody.TYPE_INIT_REQ),
                new PKMACBuilder(new JcePKMACValuesCalculator()).build(SECRET));
        byMac("bc-p10cr-pbm", pkcs10(), pbm(sha256, hmac256, 1000));
        byMac("bc-ir-pbmac1", request(PKIBody.TYPE_INIT_REQ),
                new JcePBMac1CalculatorBuilder("HmacSHA256", 256).setProvider("BC").build(SECRET));
        signed("bc-ir-ec", request(PKIBody.TYPE_INIT_REQ), "leaf", "EC", "SHA256withECDSA");
        signed("bc-cr-rsa", request(PKIBody.TYPE_CERT_REQ), "rsa", "RSA", "SHA256withRSA");
        signed("bc-cr-pss", request(PKIBody.TYPE_CERT_REQ), "rsa", "RSA",
                "SHA256withRSAandMGF1");
        signed("bc-cr-ed25519", request(PKIBody.TYPE_CERT_REQ), "ed25519", "Ed25519", "Ed25519");
        signed("bc-cr-p521", request(PKIBody.TYPE_CERT_REQ), "p521", "EC", "SHA512withECDSA");
    }
}
